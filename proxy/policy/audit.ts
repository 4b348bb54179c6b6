/** Compiles the audit log's settings; compile.ts calls it. */
import type { AuditContent, AuditRule } from "../core/policy.ts";
import type { Context } from "./context.ts";
import { DEFAULT_AUDIT, DEFAULT_AUDIT_CONTENT } from "./defaults.ts";
import type { RawAudit, RawAuditContent } from "./schema-audit.ts";

/** A salt that is shorter could be found by trying. */
const SHORTEST_SALT = 16;

/** The settings with defaults filled in. */
export function auditFrom(raw: RawAudit | undefined, context: Context): AuditRule {
  if (raw === undefined) return DEFAULT_AUDIT;
  return {
    file: raw.file ?? DEFAULT_AUDIT.file,
    flushMs: raw.flush ?? DEFAULT_AUDIT.flushMs,
    maxBytes: raw.max_bytes ?? DEFAULT_AUDIT.maxBytes,
    keep: raw.keep ?? DEFAULT_AUDIT.keep,
    salt: saltOf(raw.salt, context),
    content: raw.content === undefined ? null : contentFrom(raw.content),
  };
}

function saltOf(salt: string | undefined, context: Context): string | null {
  if (salt === undefined || salt === "") return null;
  if (salt.length < SHORTEST_SALT) {
    context.report(["audit", "salt"], `a salt has at least ${SHORTEST_SALT} characters`);
  }
  return salt;
}

function contentFrom(raw: RawAuditContent): AuditContent {
  return {
    request: raw.request ?? DEFAULT_AUDIT_CONTENT.request,
    reply: raw.reply ?? DEFAULT_AUDIT_CONTENT.reply,
    maxChars: raw.max_chars ?? DEFAULT_AUDIT_CONTENT.maxChars,
  };
}
