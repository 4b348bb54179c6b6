/** How long a call waits for its provider: the policy's limits, and a patient client's own; the relay asks. */
import { headerValue, type HeaderLines } from "../core/http.ts";
import type { Timeouts } from "../core/policy.ts";

/** The official clients' default; a policy that is shorter means it. */
const clientDefaultMs = 600_000;

/** Longest wait that a client may ask for: a day. */
const longestMs = 86_400_000;

/** Headers in which clients say, in seconds, how long they wait. */
const announcements: readonly string[] = ["x-stainless-timeout", "x-stainless-read-timeout"];

/**
 * The limits for a call: a client that waits longer than usual is not cut short by limits that are
 * not shorter than usual. 0 waits for ever.
 */
export function patienceFor(timeouts: Timeouts, headers: HeaderLines): Timeouts {
  const saidMs = announcements.map((name) => Number(headerValue(headers, name) ?? 0) * 1000);
  const wantedMs = Math.min(longestMs, Math.max(...saidMs));
  const stretched = (limitMs: number): number =>
    limitMs >= clientDefaultMs && wantedMs > limitMs ? wantedMs : limitMs;
  return {
    connectMs: timeouts.connectMs,
    firstByteMs: stretched(timeouts.firstByteMs),
    idleMs: stretched(timeouts.idleMs),
  };
}
