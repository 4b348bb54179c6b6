/** Loaded before the sidecar when the page is drawn: its calendar begins an hour ago and runs fast, its stopwatch stays true. */
const begunMs = Date.now();
const fromMs = begunMs - Number(process.env["CLOCK_BACK_MS"] ?? 0);
const speed = Number(process.env["CLOCK_SPEED"] ?? 1);

const True = Date;

class FastDate extends True {
  constructor(...given: readonly (string | number)[]) {
    const [at, ...more] = given;
    if (at === undefined) super(FastDate.now());
    else if (more.length === 0) super(at);
    else throw new Error("only whole times are made here");
  }

  static override now(): number {
    return Math.round(fromMs + (True.now() - begunMs) * speed);
  }
}

Object.assign(globalThis, { Date: FastDate });
