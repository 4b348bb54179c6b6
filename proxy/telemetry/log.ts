/** JSON lines on standard error: one per settled call, and events of the process; never content, never a wait. */
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { DecisionRecord } from "../core/decision.ts";
import type { Recorder } from "../core/ports.ts";
import type { JsonObject } from "../core/request.ts";
import { summaryOf } from "./fault-summary.ts";
import { flatRecord } from "./record-json.ts";

/** How much a line matters; lines below the log's own level are not written. */
export type Level = "debug" | "info" | "warn" | "error";

/** Where lines go and what bounds them. */
export interface LogOptions {
  /** Usually process.stderr, which queues in memory while its reader is slow. */
  readonly sink: Writable;
  /** Another sink for one that has broken, since a disk that was full may have room again. */
  readonly reopen?: () => Writable;
  /** Least time between two of these. */
  readonly reopenMs?: number;
  readonly level: Level;
  /** Bytes that may wait for the sink; lines beyond are dropped and counted. */
  readonly maxPendingBytes?: number;
  /** A longer line is cut down to its most telling fields. */
  readonly maxLineBytes?: number;
}

/** A log with a lifetime. */
export interface Log extends Recorder {
  record(record: DecisionRecord): void;
  /** Writes an event of the process; `fields` are the writer's own words, never a caller's. */
  event(level: Level, event: string, fields?: JsonObject): void;
  /** Lines dropped since the start. */
  dropped(): number;
  /** Waits until what is pending has been written, for a second at most. */
  close(): Promise<void>;
}

const levels: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const closeMs = 1000;

/** Characters that one write may gather. */
const mostGathered = 65_536;

/** The level of that name; null when there is none. */
export function levelNamed(name: string): Level | null {
  const wanted = name.trim().toLowerCase();
  return allLevels.find((level) => level === wanted) ?? null;
}

const allLevels: readonly Level[] = ["debug", "info", "warn", "error"];

/** A log that writes to `sink`. */
export function createLog(options: LogOptions): Log {
  return new JsonLog(options);
}

class JsonLog implements Log {
  #sink: Writable;
  readonly #reopen: (() => Writable) | undefined;
  readonly #reopenMs: number;
  readonly #lowest: number;
  readonly #maxPendingBytes: number;
  readonly #maxLineBytes: number;
  readonly #onError: () => void;
  #isBroken = false;
  #gathered: Gathered = nothingGathered();
  #isClosing = false;
  #openedAtMs = performance.now();
  #dropped = 0;
  #untold = 0;

  constructor(options: LogOptions) {
    this.#sink = options.sink;
    this.#reopen = options.reopen;
    this.#reopenMs = options.reopenMs ?? 5000;
    this.#lowest = levels[options.level];
    this.#maxPendingBytes = options.maxPendingBytes ?? 1_048_576;
    this.#maxLineBytes = options.maxLineBytes ?? 8192;
    // A reader that went away must not end the process.
    this.#onError = () => {
      this.#isBroken = true;
    };
    this.#sink.on("error", this.#onError);
  }

  record(record: DecisionRecord): void {
    const level = record.ending === "cut" || record.status >= 500 ? "warn" : "info";
    this.event(level, "call", flatRecord(record));
  }

  fault(where: string, fault: unknown): void {
    this.event("error", "fault", { where, ...summaryOf(fault) });
  }

  event(level: Level, event: string, fields: JsonObject = {}): void {
    if (levels[level] < this.#lowest) return;
    if (this.#isBroken) this.#openAgain();
    if (this.#untold > 0) this.#tell();
    const isLosing = this.#untold > 0;
    if (isLosing || !this.#write(this.#line(level, event, fields))) this.#drop();
    // Who is about to stop says why, and what says why must not be waiting then.
    if (levels[level] > levels.info) this.#release();
  }

  dropped(): number {
    return this.#dropped;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const waiting = new AbortController();
    const { signal } = waiting;
    const late = sleep(closeMs, undefined, { signal }).catch(() => {});
    await Promise.race([this.#flushed(), late]);
    waiting.abort();
    this.#sink.off("error", this.#onError);
  }

  /** An empty write comes back when everything before it has been written, or never will be. */
  async #flushed(): Promise<void> {
    if (this.#isBroken || this.#sink.destroyed) return;
    this.#release();
    const written = Promise.withResolvers<void>();
    this.#sink.write("", () => written.resolve());
    await written.promise;
  }

  #openAgain(): void {
    const nowMs = performance.now();
    if (this.#reopen === undefined || nowMs - this.#openedAtMs < this.#reopenMs) return;
    this.#openedAtMs = nowMs;
    this.#sink.off("error", this.#onError);
    this.#sink = this.#reopen().on("error", this.#onError);
    this.#isBroken = false;
  }

  /** Says how many lines were lost; only when half of the room is free again, so that it is said once. */
  #tell(): void {
    if (this.#sink.writableLength > this.#maxPendingBytes / 2) return;
    const lines = this.#untold;
    const told = this.#line("warn", "log_lines_dropped", { lines });
    if (!this.#write(told)) return;
    this.#gathered.told += lines;
    this.#untold = 0;
  }

  #drop(): void {
    this.#dropped += 1;
    this.#untold += 1;
  }

  #write(line: string): boolean {
    const gathered = this.#gathered;
    const waiting = this.#sink.writableLength + gathered.text.length + line.length;
    if (this.#isBroken || this.#sink.destroyed || waiting > this.#maxPendingBytes) return false;
    // What one turn of the event loop says leaves in one write.
    if (gathered.text === "") setImmediate(this.#release);
    gathered.text += line;
    gathered.lines += 1;
    if (this.#isClosing || gathered.text.length > mostGathered) this.#release();
    return true;
  }

  readonly #release = (): void => {
    const gathered = this.#gathered;
    if (gathered.text === "") return;
    this.#gathered = nothingGathered();
    if (this.#isBroken || this.#sink.destroyed) {
      this.#lose(gathered);
      return;
    }
    this.#sink.write(gathered.text, (failure) => {
      if (failure !== null && failure !== undefined) this.#lose(gathered);
    });
  };

  // A line that told of lost ones is none itself: what it told is to be told again.
  #lose({ lines, told }: Gathered): void {
    const lost = told > 0 ? lines - 1 : lines;
    this.#dropped += lost;
    this.#untold += lost + told;
  }

  #line(level: Level, event: string, fields: JsonObject): string {
    const head = { time: new Date().toISOString(), level, event };
    const line = `${joined(JSON.stringify(head), JSON.stringify(fields))}\n`;
    if (Buffer.byteLength(line) <= this.#maxLineBytes) return line;
    return `${JSON.stringify({ ...head, ...telling(fields), isCut: true })}\n`;
  }
}

/** Lines of one turn of the event loop that wait to be written. */
interface Gathered {
  text: string;
  lines: number;
  /** How many lost lines they tell of. */
  told: number;
}

function nothingGathered(): Gathered {
  return { text: "", lines: 0, told: 0 };
}

/** Two objects, written, as one; putting their members into one object first would cost more than writing them. */
function joined(head: string, fields: string): string {
  return fields === "{}" ? head : `${head.slice(0, -1)},${fields.slice(1)}`;
}

/** What is left of a line that is too long. */
function telling(fields: JsonObject): JsonObject {
  const kept = ["id", "where", "code", "decision", "reason", "status", "ending"];
  const short = kept.flatMap((name) => {
    const value = fields[name];
    if (value === undefined) return [];
    return [[name, typeof value === "string" ? value.slice(0, 100) : value] as const];
  });
  return Object.fromEntries(short);
}
