/** Remembers which credential may not use which model for how long, as providers said it; the upstream asks. */
import { LRUCache } from "lru-cache";
import { headerValue, type HeaderLines } from "../core/http.ts";
import type { UpstreamCall } from "../core/ports.ts";

type Account = UpstreamCall["account"];

/** Most accounts remembered; the longest unused is forgotten first. */
const mostAccounts = 1_000;

/** A longer wait is not believed: one call an hour finds out. */
const longestWaitMs = 3_600_000;

/** Waits by account. `now` is monotonic milliseconds. */
export class RateLimits {
  readonly #untilMs = new LRUCache<string, number>({ max: mostAccounts });
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds that the account still has to wait; 0 when it need not. */
  waitMs(account: Account): number {
    if (this.#untilMs.size === 0) return 0;
    return Math.max(0, (this.#untilMs.get(keyOf(account)) ?? 0) - this.#now());
  }

  /** Notes what a reply says of the account: a 429 or 503 with a wait starts one, a success ends it. */
  note(account: Account, status: number, headers: HeaderLines): void {
    if (status < 400 && this.#untilMs.size > 0) this.#untilMs.delete(keyOf(account));
    if (status !== 429 && status !== 503) return;
    const waitMs = retryAfterMs(headers, Date.now());
    if (waitMs === null) return;
    this.#untilMs.set(keyOf(account), this.#now() + Math.min(waitMs, longestWaitMs));
  }
}

/** The wait that `retry-after-ms` or `Retry-After` (seconds or a date) asks for; null when neither does. */
export function retryAfterMs(headers: HeaderLines, epochMs: number): number | null {
  const exact = positive(headerValue(headers, "retry-after-ms"));
  if (exact !== null) return exact;
  const text = headerValue(headers, "retry-after");
  const seconds = positive(text);
  if (seconds !== null) return seconds * 1000;
  return positive(String(dateMs(text) - epochMs));
}

// Only what begins as a date does: a lone number would be read as a year.
function dateMs(text: string | undefined): number {
  return text !== undefined && /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN;
}

function positive(text: string | undefined): number | null {
  const number = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(number) && number > 0 ? number : null;
}

function keyOf({ breaker, credential, model }: Account): string {
  return `${breaker}\n${credential}\n${model}`;
}
