/** The certificate authorities that outgoing TLS connections trust: the defaults and extra files; the pool asks. */
import { readFileSync } from "node:fs";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import type { Environment } from "./proxy-rule.ts";

/**
 * The TLS context with extra authorities besides the defaults; null when there are none and the
 * runtime's own default does. Made once, since parsing all roots for every connection is slow.
 * Throws when a file cannot be read or holds no certificate.
 */
export function trustedContext(env: Environment, caFiles: readonly string[]): SecureContext | null {
  const named = env["NODE_EXTRA_CA_CERTS"] ?? "";
  const files = [...(named === "" ? [] : [named]), ...caFiles];
  if (files.length === 0) return null;
  const extra = files.map(readAuthorities);
  return createSecureContext({ ca: [...getCACertificates("default"), ...extra] });
}

function readAuthorities(file: string): string {
  const text = readFileSync(file, "utf8");
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new TypeError(`${file} holds no PEM certificate`);
}
