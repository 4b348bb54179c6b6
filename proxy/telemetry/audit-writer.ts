/** Writes one audit log: seals what waits into the chain and gives it to its destination, one write a flush. */
import { setImmediate as breath } from "node:timers/promises";
import type { JsonObject } from "../core/request.ts";
import { noRecord, sealed, type ChainHead, type SealedLine } from "./audit-chain.ts";
import type { AuditDestination, Opened } from "./audit-destination.ts";
import { AuditQueue } from "./audit-queue.ts";
import { summaryOf } from "./fault-summary.ts";
import type { Level } from "./log.ts";

/** How it writes. */
export interface WriterOptions {
  readonly destination: AuditDestination;
  readonly flushMs: number;
  readonly queueBytes: number;
  /** What the first record says besides how the log was opened. */
  readonly opening: JsonObject;
  readonly told: (level: Level, event: string, fields: JsonObject) => void;
}

/** Where the log stands. */
export interface WriterState {
  readonly head: ChainHead;
  readonly queuedBytes: number;
  /** Records that were written, and that found no room, since the start. */
  readonly written: number;
  readonly dropped: number;
  /** Why nothing can be written now; null when all is well. */
  readonly problem: string | null;
}

/** So many lines are sealed before calls get their turn. */
const slice = 64;
/** A destination that fails is tried again after this long, or after a flush's time where that is longer. */
const retryMs = 1000;
/** How often the head of the chain is told in the log, at most. */
const headMs = 60_000;
/** Longest wait for the last records. */
const closeMs = 3000;

/** Never throws and never waits but in `close`. */
export class AuditWriter {
  readonly #options: WriterOptions;
  readonly #queue: AuditQueue;
  #head: ChainHead = noRecord;
  #isOpen = false;
  #problem: string | null = null;
  /** What failed first, since all was well. */
  #failure: { readonly since: string; readonly error: string } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> | null = null;
  #isHurried = false;
  #isClosed = false;
  #headToldMs = -Infinity;
  #written = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#queue = new AuditQueue(options.queueBytes);
    this.#arm(0);
  }

  get state(): WriterState {
    const { bytes: queuedBytes, dropped } = this.#queue;
    const [head, written, problem] = [this.#head, this.#written, this.#problem];
    return { head, queuedBytes, written, dropped, problem };
  }

  add(fields: JsonObject, at: string): void {
    this.#queue.add(fields, at);
    const isPressed = this.#queue.bytes > this.#options.queueBytes / 2 && this.#problem === null;
    if (isPressed) this.#hurry();
    else this.#arm(this.#options.flushMs);
  }

  /** Records that an earlier writer of the same log could not write. */
  miss(records: number, at: string): void {
    this.#queue.miss(records, at);
  }

  /** Writes the last record and what waits, for a bounded time; how many records were lost. */
  async close(fields: JsonObject, at: string): Promise<number> {
    this.#queue.add({ event: "closed", at, ...fields }, at);
    if (this.#timer !== null) clearTimeout(this.#timer);
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, closeMs);
    await Promise.race([this.#lastFlush(), late.promise]);
    clearTimeout(timer);
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#tellHead();
    return this.#queue.waiting().length;
  }

  async #lastFlush(): Promise<void> {
    await this.#flushing;
    await this.#flush();
  }

  /** A queue that fills up does not wait for its time. */
  #hurry(): void {
    if (this.#isHurried) return;
    this.#isHurried = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#arm(0);
  }

  #arm(afterMs: number): void {
    if (this.#timer !== null || this.#flushing !== null || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#flush();
    }, afterMs);
    this.#timer.unref();
  }

  async #flush(): Promise<void> {
    this.#flushing ??= this.#flushNow();
    await this.#flushing;
  }

  async #flushNow(): Promise<void> {
    try {
      if (!this.#isOpen) await this.#open();
      await this.#writeAll();
      this.#mended();
    } catch (fault) {
      this.#failed(fault);
    } finally {
      this.#flushing = null;
      this.#isHurried = false;
    }
    const { flushMs } = this.#options;
    if (this.#problem !== null) this.#arm(Math.max(retryMs, flushMs));
    else if (this.#queue.waiting().length > 0) this.#arm(flushMs);
  }

  async #open(): Promise<void> {
    const opened = await this.#options.destination.open();
    this.#head = opened.head;
    this.#isOpen = true;
    const told = openedFields(opened);
    this.#queue.addFirst({
      event: "opened",
      at: new Date().toISOString(),
      ...told,
      ...this.#options.opening,
    });
    const isOdd = opened.mendedBytes > 0 || opened.because === "unreadable";
    this.#options.told(isOdd ? "warn" : "info", "audit_opened", told);
  }

  /** What comes meanwhile waits for the next flush. */
  async #writeAll(): Promise<void> {
    let left = this.#queue.waiting().length;
    while (left > 0 && !this.#isClosed) {
      const lines = await this.#sealed(left);
      const count = await this.#options.destination.append(lines);
      this.#head = lines[count - 1]?.head ?? this.#head;
      this.#queue.taken(count);
      this.#written += count;
      left -= count;
    }
    if (performance.now() - this.#headToldMs >= headMs) this.#tellHead();
  }

  async #sealed(count: number): Promise<readonly SealedLine[]> {
    const lines: SealedLine[] = [];
    let head = this.#head;
    for (const body of this.#queue.waiting().slice(0, count)) {
      const line = sealed(body, head);
      lines.push(line);
      head = line.head;
      if (lines.length % slice === 0) await breath();
    }
    return lines;
  }

  /** Where this line is kept elsewhere, records that were cut off the end are missed. */
  #tellHead(): void {
    if (this.#head.seq === 0) return;
    this.#headToldMs = performance.now();
    this.#options.told("info", "audit_head", { ...this.#head });
  }

  #failed(fault: unknown): void {
    const { kind, code, message } = summaryOf(fault);
    const isNew = this.#problem === null;
    this.#failure ??= { since: new Date().toISOString(), error: code ?? kind };
    this.#problem = message === "" ? kind : message;
    if (isNew) this.#options.told("error", "audit_failed", { kind, code, message });
  }

  #mended(): void {
    if (this.#problem === null) return;
    this.#problem = null;
    const at = new Date().toISOString();
    this.#queue.add({ event: "resumed", at, ...this.#failure }, at);
    this.#failure = null;
    this.#options.told("warn", "audit_resumed", { dropped: this.#queue.dropped });
  }
}

function openedFields({ head, because, mendedBytes }: Opened): JsonObject {
  return { because, continues: head.seq === 0 ? null : head.seq, mendedBytes };
}
