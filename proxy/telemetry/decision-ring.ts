/** The last decision records, for `/decisions`, for those who follow along, and for looking up one by its request id. */
import type { DecisionRecord } from "../core/decision.ts";

/** Keeps the newest `size` records; older ones are forgotten. */
export class DecisionRing {
  readonly #size: number;
  readonly #records: (DecisionRecord | undefined)[];
  #next = 0;
  #count = 0;

  constructor(size: number) {
    this.#size = Math.max(1, Math.floor(size));
    this.#records = [];
  }

  record(record: DecisionRecord): void {
    this.#records[this.#next] = record;
    this.#next = (this.#next + 1) % this.#size;
    this.#count += 1;
  }

  /** How many records there were since the start, forgotten ones too: the number of the newest. */
  get count(): number {
    return this.#count;
  }

  /** The records after the one of that number, newest first, as far as they are remembered. */
  after(number: number): readonly DecisionRecord[] {
    return this.latest(this.#count - number);
  }

  /** The newest `count` records, newest first. */
  latest(count: number): readonly DecisionRecord[] {
    const older = this.#records.slice(0, this.#next).toReversed();
    const newest = [...older, ...this.#records.slice(this.#next).toReversed()];
    return newest.filter((record) => record !== undefined).slice(0, Math.max(0, count));
  }

  /** The newest record with that id: looked for one by one, since people ask for one far less often than calls come. */
  find(id: string): DecisionRecord | undefined {
    return this.latest(this.#size).find((record) => record.id === id);
  }
}
