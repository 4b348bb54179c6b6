/** What the simulated cloud saw: every request with its bytes' hash, so that a test can compare both ends. */

export interface JournalEntry {
  /** Counts from 1 over the life of the process. */
  readonly number: number;
  readonly method: string;
  /** Path and query as they stood in the request line. */
  readonly url: string;
  readonly httpVersion: string;
  /** Names and values in turn, order, case and duplicates as sent. */
  readonly rawHeaders: readonly string[];
  readonly bodySha256: string;
  readonly bodyBytes: number;
  /** The fault that was played, if any. */
  readonly fault: string | null;
  /** `null` until the reply's head went out. */
  status: number | null;
  /** Set when the caller hung up before the reply was complete. */
  aborted: boolean;
}

export type Sighting = Omit<JournalEntry, "number" | "status" | "aborted">;

export class Journal {
  readonly #entries: JournalEntry[] = [];
  readonly #capacity: number;
  #count = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Requests seen since the start or the last clearing, also those no longer remembered. */
  get count(): number {
    return this.#count;
  }

  /** The newest `limit` entries, oldest first. */
  entries(limit: number = this.#capacity): readonly JournalEntry[] {
    return limit <= 0 ? [] : this.#entries.slice(-limit);
  }

  add(sighting: Sighting): JournalEntry {
    this.#count += 1;
    const entry: JournalEntry = { number: this.#count, ...sighting, status: null, aborted: false };
    this.#entries.push(entry);
    if (this.#entries.length > this.#capacity) this.#entries.shift();
    return entry;
  }

  clear(): void {
    this.#entries.length = 0;
    this.#count = 0;
  }
}
