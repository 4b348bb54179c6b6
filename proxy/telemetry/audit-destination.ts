/** What the audit log's writer asks of the place that its lines go to. */
import type { ChainHead, SealedLine } from "./audit-chain.ts";

/** What was there already. */
export interface Opened {
  /** The last record; the chain goes on from it. */
  readonly head: ChainHead;
  readonly because: "created" | "restarted" | "unreadable";
  /** Bytes of a half-written last line that were cut off. */
  readonly mendedBytes: number;
}

/** Something that happened to the place, for the log. */
export type Happened = (
  event: "audit_rotated" | "audit_moved" | "audit_changed",
  fields: Readonly<Record<string, string | number>>,
) => void;

/** A file or a stream. Both methods reject when it cannot be written. */
export interface AuditDestination {
  open(): Promise<Opened>;
  /** Writes as many of the lines as belong together, one at least, and tells how many; when it rejects, none was. */
  append(lines: readonly SealedLine[]): Promise<number>;
}
