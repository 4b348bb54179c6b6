/** The audit log on standard output or error: nothing to read back, so that every start begins a chain. */
import type { Writable } from "node:stream";
import { noRecord } from "./audit-chain.ts";
import type { AuditDestination } from "./audit-destination.ts";

/** Writes to `sink` once `isFree` has come true. */
export function auditStream(sink: Writable, isFree: Promise<void>): AuditDestination {
  return {
    open: async () => {
      await isFree;
      return { head: noRecord, because: "created", mendedBytes: 0 };
    },
    append: async (lines) => {
      await written(sink, lines.map((line) => line.text).join(""));
      return lines.length;
    },
  };
}

/** Waits for the reader, so that what is not read waits in the log's own bounded queue. */
async function written(sink: Writable, text: string): Promise<void> {
  const done = Promise.withResolvers<void>();
  sink.write(text, (fault) => {
    if (fault === null || fault === undefined) done.resolve();
    else done.reject(fault);
  });
  await done.promise;
}
