/** Deterministic choices and identifiers: the same seed and input always give the same answer. */

import { createHash } from "node:crypto";

/** A number in [0, 1) that depends on nothing but the parts. */
export function fraction(...parts: readonly (string | number)[]): number {
  const digest = createHash("sha256").update(parts.join("\u0000")).digest();
  return digest.readUInt32BE(0) / 0x1_0000_0000;
}

export function pick<T>(choices: readonly [T, ...T[]], ...parts: readonly (string | number)[]): T {
  return choices[Math.floor(fraction(...parts) * choices.length)] ?? choices[0];
}

/** Letters and digits as providers use them in their identifiers. */
export function identifier(length: number, ...parts: readonly (string | number)[]): string {
  const digest = createHash("sha512").update(parts.join("\u0000")).digest("base64");
  return digest.replaceAll(/[^A-Za-z0-9]/gu, "").slice(0, length);
}
