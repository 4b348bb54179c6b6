/** How old a stored reply is and what it may still serve; used by recall. */
import type { StoreEntry } from "../core/ports.ts";

/** The part of an entry that its age depends on. */
export type Dated = Pick<StoreEntry, "storedAtMs" | "ttlMs">;

/** What an entry may serve: any call, calls during an outage only, or nothing. */
export type Freshness = "fresh" | "stale" | "dead";

/**
 * Freshness at `nowMs` (epoch milliseconds). Fresh while its age is below its lifetime; stale for
 * `staleMs` more; dead from then on. An entry from the future is dead: its age cannot be known.
 */
export function freshness(entry: Dated, nowMs: number, staleMs: number): Freshness {
  const ageMs = nowMs - entry.storedAtMs;
  if (!(ageMs >= 0)) return "dead";
  if (ageMs < entry.ttlMs) return "fresh";
  return ageMs < entry.ttlMs + staleMs ? "stale" : "dead";
}

/** Whether any call may be served. */
export function isFresh(entry: Dated, nowMs: number): boolean {
  return freshness(entry, nowMs, 0) === "fresh";
}

/** Whether a call may be served while its provider is down; never when `staleMs` is 0. */
export function isWithinOutage(entry: Dated, nowMs: number, staleMs: number): boolean {
  return staleMs > 0 && freshness(entry, nowMs, staleMs) !== "dead";
}

/** Whole seconds since the entry was stored, for the `Age` header. */
export function ageSeconds(entry: Dated, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - entry.storedAtMs) / 1000));
}
