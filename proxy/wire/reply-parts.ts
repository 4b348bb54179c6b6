/** What both codecs share when they send something of their own: content types, error headers, and a stored reply in another form. */
import type { SidestepError } from "../core/errors.ts";
import { withoutHeaders, type HeaderLines } from "../core/http.ts";
import type { StoredReply } from "../core/reply.ts";
import type { JsonObject } from "../core/request.ts";

export const jsonType = "application/json";
export const streamType = "text/event-stream";

export function jsonBytes(body: JsonObject): Buffer {
  return Buffer.from(JSON.stringify(body));
}

/** `x-should-retry` and, where a wait is known, `retry-after` in whole seconds. */
export function retryHeaders(error: SidestepError, retryAfterSeconds: number | null): HeaderLines {
  const mayRetry = ["x-should-retry", String(error.isRetryable)];
  if (retryAfterSeconds === null) return mayRetry;
  return [...mayRetry, "retry-after", String(Math.max(0, Math.ceil(retryAfterSeconds)))];
}

/** Headers that speak of the stored bytes themselves, which another form does not have. */
const ofTheBytes: ReadonlySet<string> = new Set([
  "content-type",
  "content-length",
  "content-encoding",
  "content-md5",
  "etag",
]);

/** The stored reply with another body. */
export function inOtherForm(stored: StoredReply, contentType: string, body: Buffer): StoredReply {
  const headers = ["content-type", contentType, ...withoutHeaders(stored.headers, ofTheBytes)];
  return { status: stored.status, headers, body };
}
