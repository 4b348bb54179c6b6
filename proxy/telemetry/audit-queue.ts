/** What waits to be written to the audit log: bounded in bytes; what finds no room is counted, and the count takes its place. */
import type { JsonObject } from "../core/request.ts";
import { bodyOf } from "./audit-chain.ts";

interface Missing {
  readonly since: string;
  until: string;
  records: number;
}

/** Bodies of lines, oldest first. */
export class AuditQueue {
  readonly #mostBytes: number;
  #bodies: string[] = [];
  #bytes = 0;
  #missing: Missing | null = null;
  #dropped = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Records that found no room, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Puts a record at the end; one that finds no room is counted. */
  add(fields: JsonObject, at: string): void {
    const body = bodyOf(fields);
    const isFull = this.#bytes + body.length > this.#mostBytes;
    if (isFull) {
      this.miss(1, at);
      return;
    }
    this.#tellMissing();
    this.#push(body);
  }

  /** Puts a record at the very beginning, whatever the room. */
  addFirst(fields: JsonObject): void {
    const body = bodyOf(fields);
    this.#bodies.unshift(body);
    this.#bytes += body.length;
  }

  /** Counts records that are not in the log. */
  miss(records: number, at: string): void {
    this.#missing ??= { since: at, until: at, records: 0 };
    this.#missing.until = at;
    this.#missing.records += records;
    this.#dropped += records;
  }

  /** All that waits. It stays until `taken` says that it was written. */
  waiting(): readonly string[] {
    if (this.#bytes < this.#mostBytes / 2) this.#tellMissing();
    return this.#bodies;
  }

  /** The first `count` were written. */
  taken(count: number): void {
    for (const body of this.#bodies.splice(0, count)) this.#bytes -= body.length;
  }

  #push(body: string): void {
    this.#bodies.push(body);
    this.#bytes += body.length;
  }

  #tellMissing(): void {
    if (this.#missing === null) return;
    const { since, until, records } = this.#missing;
    this.#missing = null;
    this.#push(bodyOf({ event: "gap", at: until, since, records }));
  }
}
