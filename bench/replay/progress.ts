/** Shows how far the replay is and how long it will take: one line that is rewritten, or a line each tenth. */

export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly write: (text: string) => unknown;
}

const REDRAW_MS = 200;

export class Progress {
  readonly #output: ProgressOutput;
  readonly #total: number;
  readonly #startMs: number;
  #done = 0;
  #drawnMs = 0;
  #tenth = 0;

  constructor(total: number, output: ProgressOutput) {
    this.#total = total;
    this.#output = output;
    this.#startMs = performance.now();
  }

  /** One more call is done; `note` is shown behind the figures. */
  step(note: string): void {
    this.#done += 1;
    const nowMs = performance.now();
    const isLast = this.#done === this.#total;
    const tenth = Math.floor((10 * this.#done) / this.#total);
    if (this.#output.isTTY === true) {
      if (!isLast && nowMs - this.#drawnMs < REDRAW_MS) return;
      this.#drawnMs = nowMs;
      this.#output.write(`\r\u001b[2K${this.#line(nowMs)}  ${note}${isLast ? "\n" : ""}`);
      return;
    }
    if (tenth === this.#tenth) return;
    this.#tenth = tenth;
    this.#output.write(`${this.#line(nowMs)}  ${note}\n`);
  }

  #line(nowMs: number): string {
    const perSecond = (1000 * this.#done) / Math.max(1, nowMs - this.#startMs);
    const leftSeconds = Math.ceil((this.#total - this.#done) / perSecond);
    return `${this.#done}/${this.#total}  ${perSecond.toFixed(0)}/s  ${clockText(leftSeconds)} left`;
  }
}

/** Minutes and seconds, from whole seconds. */
export function clockText(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
