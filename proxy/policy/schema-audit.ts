/** The schema of the audit log: where it goes, how it is rotated, and what of a call's content it may hold. */
import {
  duration,
  flag,
  form,
  key,
  map,
  scalarText,
  size,
  whole,
  type Schema,
} from "./schema-values.ts";

/** What of the content is kept, as written. */
export interface RawAuditContent {
  readonly request?: boolean | undefined;
  readonly reply?: boolean | undefined;
  readonly max_chars?: number | undefined;
}

/** The audit log as written. */
export interface RawAudit {
  readonly file?: string | undefined;
  readonly flush?: number | undefined;
  readonly max_bytes?: number | undefined;
  readonly keep?: number | undefined;
  readonly salt?: string | undefined;
  readonly content?: RawAuditContent | undefined;
}

const content: Schema<RawAuditContent> = map({
  request: key(flag, "Whether the user's last turn is kept; default true."),
  reply: key(flag, "Whether the reply's text is kept; default true."),
  max_chars: key(whole(1, 4000), "Characters of each that are kept; default 500."),
});

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
  content: key(
    content,
    "Keeps what was asked and replied, masked and cut; without it nothing is kept.",
  ),
});
