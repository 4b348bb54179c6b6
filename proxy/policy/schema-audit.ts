/** The schema of the audit log: where it goes, and how it is written and rotated. */
import { duration, form, key, map, scalarText, size, whole, type Schema } from "./schema-values.ts";

/** The audit log as written. */
export interface RawAudit {
  readonly file?: string | undefined;
  readonly flush?: number | undefined;
  readonly max_bytes?: number | undefined;
  readonly keep?: number | undefined;
  readonly salt?: string | undefined;
}

/** The audit log. */
export const audit: Schema<RawAudit> = map({
  file: key(
    form(
      /^(?:stdout|\/(?:.*[^/])?)$/,
      "expected an absolute path such as /var/log/sidestep/audit.jsonl, or `stdout`",
    ),
    "Where the records go: an absolute path, or `stdout`; without it there is no audit log.",
  ),
  flush: key(duration(10, "1m"), "How long a record may wait before it is written; default 1s."),
  max_bytes: key(
    size(4096, "64GiB"),
    "Size of a file, above which another one is begun; default 64MiB.",
  ),
  keep: key(whole(0, 10_000), "Full files that are kept beside the current one; default 10."),
  salt: key(
    scalarText,
    "Salts the hash of callers' credentials; default one that the process makes at its start.",
  ),
});
