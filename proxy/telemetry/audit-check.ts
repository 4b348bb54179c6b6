/** Checks the chain of an audit log, line by line, up to the first place where it is broken; `sidestep audit verify` uses it. */
import { lineMark, noRecord, readLine, type ChainHead, type ReadLine } from "./audit-chain.ts";
import { inOrder, linesOf, type FileLine } from "./audit-lines.ts";

/** A line of a file. */
export interface AuditPlace {
  readonly file: string;
  readonly line: number;
}

/** How to check. */
export interface CheckOptions {
  /** The files are captured standard output or error: with other lines, and a chain for each start. */
  readonly isStream: boolean;
  /** A hash that was kept elsewhere and must be that of a record; null asks for none. */
  readonly head: string | null;
}

/** What was found. */
export interface AuditReport {
  /** The first broken place; null when the chain is whole. */
  readonly broken: (AuditPlace & { readonly because: string }) | null;
  readonly files: number;
  readonly records: number;
  /** Number of the first record; 0 when there is none. */
  readonly first: number;
  readonly head: ChainHead;
  /** How often the log was opened, and how often it was closed in order. */
  readonly opened: number;
  readonly closed: number;
  /** Records that the log itself says are missing. */
  readonly missing: number;
  /** Lines of others, in captured streams. */
  readonly others: number;
  /** A half-written last line; the next start mends it. */
  readonly half: (AuditPlace & { readonly bytes: number }) | null;
  /** Records behind the one whose hash was kept elsewhere; null when it was not found, or none was asked for. */
  readonly sinceHead: number | null;
}

type RecordLine = Extract<ReadLine, { readonly kind: "record" }>;

type Found = { -readonly [Name in keyof AuditReport]: AuditReport[Name] };

/** Reads all files. Rejects when one cannot be read. */
export async function checkAudit(
  files: readonly string[],
  options: CheckOptions,
): Promise<AuditReport> {
  const ordered = options.isStream ? files : await inOrder(files);
  const check = new Check(options);
  for (const [at, file] of ordered.entries()) {
    for await (const line of linesOf(file)) {
      check.take(line, file, at === ordered.length - 1);
      if (check.found.broken !== null) return check.found;
    }
  }
  return { ...check.found, files: ordered.length };
}

class Check {
  readonly #options: CheckOptions;
  readonly found: Found = {
    broken: null,
    files: 0,
    records: 0,
    first: 0,
    head: noRecord,
    opened: 0,
    closed: 0,
    missing: 0,
    others: 0,
    half: null,
    sinceHead: null,
  };

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  take(line: FileLine, file: string, isLastFile: boolean): void {
    const place = { file, line: line.number };
    if (!line.isWhole && isLastFile) {
      this.found.half = { ...place, bytes: line.bytes.length };
      return;
    }
    const read = readLine(line.bytes);
    if (read.kind === "other" && this.#isOthers(line)) {
      this.found.others += 1;
      return;
    }
    const because = this.#flawOf(read);
    if (because !== null) this.found.broken = { ...place, because };
    else if (read.kind === "record") this.#count(read);
  }

  /** A record that was made unreadable is no line of others. */
  #isOthers({ bytes }: FileLine): boolean {
    const isRecord = bytes.subarray(0, lineMark.length).toString("latin1") === lineMark;
    return this.#options.isStream && !isRecord;
  }

  #flawOf(read: ReadLine): string | null {
    if (read.kind === "other") return "this is no record of an audit log";
    if (!read.isIntact)
      return `record ${read.seq} was changed: it does not have the hash it carries`;
    const isFirst = read.seq === 1 && read.prev === noRecord.hash;
    if (this.found.records > 0) return this.#jumpTo(read, isFirst);
    return isFirst || read.seq > 1 ? null : "record 1 follows a record that is not there";
  }

  /** What is wrong with this record behind the last one. */
  #jumpTo({ seq, prev }: RecordLine, isFirst: boolean): string | null {
    const next = this.found.head.seq + 1;
    if (isFirst && this.#options.isStream) return null;
    if (isFirst) return `a new chain begins where record ${next} was to follow`;
    if (seq > next) return `${numbered(next, seq - 1)} missing before record ${seq}`;
    if (seq < next) return `record ${seq} stands where record ${next} was to follow`;
    if (prev === this.found.head.hash) return null;
    return `record ${seq} follows another record than the one before it, which was replaced`;
  }

  #count({ seq, hash, fields }: RecordLine): void {
    const { found } = this;
    if (found.records === 0) found.first = seq;
    found.records += 1;
    found.head = { seq, hash };
    if (found.sinceHead !== null) found.sinceHead += 1;
    if (hash === this.#options.head) found.sinceHead = 0;
    const { event, records } = fields;
    if (event === "opened") found.opened += 1;
    if (event === "closed") found.closed += 1;
    if (event === "gap" && typeof records === "number") found.missing += records;
  }
}

function numbered(first: number, last: number): string {
  return first === last ? `record ${first} is` : `records ${first} to ${last} are`;
}
