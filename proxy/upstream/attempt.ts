/** One call to a provider with its further attempts: only where it has not reached the provider, or changes nothing there. */
import { setTimeout as pause } from "node:timers/promises";
import { headerValue } from "../core/http.ts";
import type { UpstreamCall } from "../core/ports.ts";
import type { Pool } from "./pool.ts";
import { exchange, type ExchangeCall, type Exchanged } from "./relay.ts";

/** Milliseconds before the first further attempt; doubles with each. */
const firstBackoffMs = 100;

/** Most kept connections that may turn out closed before one call. */
const mostStale = 8;

/**
 * Methods that change nothing (RFC 9110, 9.2.1). A proxy must not repeat the others by itself (9.2.2), an
 * `Idempotency-Key` notwithstanding: whether the provider honours it is for the caller to know.
 */
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/**
 * Runs the call, at most `provider.retries` times more while the provider has surely seen nothing of
 * it; never rejects. A flowing body is sent once, and a client that already retries is not multiplied.
 */
export async function attempt(pool: Pool, call: UpstreamCall): Promise<Exchanged> {
  const further = isRepeatable(call) ? call.provider.retries : 0;
  for (let made = 0; ; made += 1) {
    const headers = made === 0 ? call.headers : (call.again?.() ?? call.headers);
    const result = await freshly(pool, { ...call, headers, onSwitch: null });
    if (!("kind" in result)) return result;
    if (!result.isUnsent || made >= further) return { ...result, isRetried: made > 0 };
    await backoff(made, call.signal);
  }
}

/**
 * One attempt on a connection that is open: finding kept ones closed costs nothing and counts nowhere. One
 * that breaks just as the call is sent counts as closed for calls that change nothing.
 */
export async function freshly(pool: Pool, call: ExchangeCall): Promise<Exchanged> {
  const isSafe = safeMethods.has(call.method) && call.body.kind !== "flowing";
  for (let found = 0; ; found += 1) {
    const result = await exchange(pool, call);
    if (!("kind" in result) || found === mostStale) return result;
    if (!result.isStale && !(isSafe && result.isUnheard === true)) return result;
  }
}

function isRepeatable(call: UpstreamCall): boolean {
  const retried = Number(headerValue(call.headers, "x-stainless-retry-count") ?? 0);
  return call.body.kind !== "flowing" && !(retried > 0);
}

// Half of the pause is random, so that callers that failed together do not come back together.
async function backoff(made: number, signal: AbortSignal): Promise<void> {
  const fullMs = firstBackoffMs * 2 ** made;
  const pauseMs = fullMs / 2 + (Math.random() * fullMs) / 2;
  await pause(pauseMs, undefined, { signal }).catch(() => undefined);
}
