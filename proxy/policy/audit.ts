/** Compiles the audit log's settings; compile.ts calls it. */
import type { AuditRule } from "../core/policy.ts";
import type { Context } from "./context.ts";
import { DEFAULT_AUDIT } from "./defaults.ts";
import type { RawAudit } from "./schema-audit.ts";

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
  };
}

function saltOf(salt: string | undefined, context: Context): string | null {
  if (salt === undefined || salt === "") return null;
  if (salt.length < SHORTEST_SALT) {
    context.report(["audit", "salt"], `a salt has at least ${SHORTEST_SALT} characters`);
  }
  return salt;
}
