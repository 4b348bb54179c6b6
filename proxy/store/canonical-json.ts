/** Writes a JSON value in one canonical form, so that equal values give equal text; used by cache keys. */
import type { Json } from "../core/request.ts";

/** A value's canonical text. */
export interface Canonical {
  /** Object keys sorted by UTF-16 code unit, no white space; different values never give the same text. */
  readonly text: string;
  /**
   * False when parsing may have merged different numbers: integers beyond 2^53 and overflows share one
   * float with their neighbours, so the text alone does not tell them apart.
   */
  readonly isExact: boolean;
}

interface Frame {
  readonly close: "]" | "}";
  readonly keys: readonly string[] | null;
  readonly values: readonly Json[];
  at: number;
}

/** Canonical form of any parsed JSON; walks without recursion, so depth cannot exhaust the stack. */
export function canonicalJson(root: Json): Canonical {
  const writer = new Writer();
  writer.open(root);
  writer.finish();
  return { text: writer.parts.join(""), isExact: writer.isExact };
}

class Writer {
  readonly parts: string[] = [];
  readonly frames: Frame[] = [];
  isExact = true;

  finish(): void {
    for (let frame = this.frames.at(-1); frame !== undefined; frame = this.frames.at(-1)) {
      this.step(frame);
    }
  }

  step(frame: Frame): void {
    const { at } = frame;
    frame.at += 1;
    const value = frame.values[at];
    if (value === undefined) {
      this.parts.push(frame.close);
      this.frames.pop();
      return;
    }
    if (at > 0) this.parts.push(",");
    const key = frame.keys?.[at];
    if (key !== undefined) this.parts.push(JSON.stringify(key), ":");
    this.open(value);
  }

  open(value: Json): void {
    if (typeof value === "number") return this.number(value);
    if (value === null || typeof value !== "object") {
      this.parts.push(JSON.stringify(value));
      return;
    }
    if (isList(value)) {
      this.parts.push("[");
      this.frames.push({ close: "]", keys: null, values: value, at: 0 });
      return;
    }
    const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
    this.parts.push("{");
    const keys = entries.map(([key]) => key);
    this.frames.push({ close: "}", keys, values: entries.map(([, inner]) => inner), at: 0 });
  }

  number(value: number): void {
    if (Math.abs(value) > Number.MAX_SAFE_INTEGER) this.isExact = false;
    // JSON.stringify would write an overflow such as 1e999 as null.
    this.parts.push(Number.isFinite(value) ? JSON.stringify(value) : String(value));
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
