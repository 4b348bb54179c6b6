/** Reads amounts as people write them: durations, sizes, percents and comparisons; the schema uses it. */
import type { Bound } from "../core/policy.ts";

/** "150ms", "30s", "5m", "24h", "7d". */
export const DURATION: RegExp = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
/** "64KiB", "10MB", "512B". */
export const SIZE: RegExp = /^(\d+(?:\.\d+)?)(B|KB|KiB|MB|MiB|GB|GiB)$/;
/** "0.5%". */
export const PERCENT: RegExp = /^(\d+(?:\.\d+)?)%$/;
/** ">= 0.90", "<= 75%", "= 1". */
export const COMPARISON: RegExp = /^(>=|>|<=|<|==?)?\s*(\d+(?:\.\d+)?)(%?)$/;

const MILLISECONDS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

const BYTES: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["KB", 1000],
  ["KiB", 1024],
  ["MB", 1000 ** 2],
  ["MiB", 1024 ** 2],
  ["GB", 1000 ** 3],
  ["GiB", 1024 ** 3],
]);

/** Milliseconds, or null when the text is no duration. */
export function durationMs(text: string): number | null {
  return scaled(DURATION.exec(text), MILLISECONDS);
}

/** Bytes, or null when the text is no size. */
export function sizeBytes(text: string): number | null {
  return scaled(SIZE.exec(text), BYTES);
}

/** A share in [0, 1], or null when the text is no percent up to 100 %. */
export function percentShare(text: string): number | null {
  const number = PERCENT.exec(text)?.[1];
  if (number === undefined) return null;
  const share = Number(number) / 100;
  return share <= 1 ? share : null;
}

/** A comparison; `bare` is the operator of a number without one, null when it needs one. */
export function boundOf(text: string, bare: Bound["op"] | null): Bound | null {
  const [, written, number, percent] = COMPARISON.exec(text.trim()) ?? [];
  const op = written === undefined ? bare : operatorOf(written);
  if (number === undefined || op === null) return null;
  return { op, value: percent === "%" ? Number(number) / 100 : Number(number) };
}

function operatorOf(written: string): Bound["op"] {
  switch (written) {
    case ">=":
    case ">":
    case "<=":
    case "<":
      return written;
    default:
      return "=";
  }
}

function scaled(
  parts: RegExpExecArray | null,
  factors: ReadonlyMap<string, number>,
): number | null {
  const factor = factors.get(parts?.[2] ?? "");
  if (parts === null || factor === undefined) return null;
  return Math.round(Number(parts[1]) * factor);
}
