/** Finds requests whose framing is ambiguous, so that nothing is forwarded that two servers read in two ways. */
import { headerValues, type HeaderLines } from "../core/http.ts";

/** For a version of HTTP that is not served in the form of HTTP/1. */
export const unknownVersion = "The request does not say that it is HTTP/1.0 or HTTP/1.1.";

/** What is checked of a parsed HTTP/1 head. */
export interface RawHead {
  readonly target: string;
  readonly headers: HeaderLines;
  /** As written, e.g. "1.1"; the parser takes "0.9" and "2.0" as well. */
  readonly version: string;
}

/** The mend for the caller; null when the framing is sound. Lengths are the parser's part. */
export function flawOf(head: RawHead): string | null {
  if (head.version !== "1.0" && head.version !== "1.1") return unknownVersion;
  const hosts = headerValues(head.headers, "host");
  if (hosts.length > 1) return "The request has more than one Host header.";
  if (hosts.length === 0 && head.version === "1.1") return "The request has no Host header.";
  if (originForm(head.target) === null) return "The request target is not a path.";
  return codingFlaw(head);
}

function codingFlaw({ headers, version }: RawHead): string | null {
  const codings = headerValues(headers, "transfer-encoding");
  if (codings.length === 0) return null;
  if (version === "1.0") return "An HTTP/1.0 request cannot have a Transfer-Encoding.";
  const isChunked = codings.length === 1 && codings[0]?.trim().toLowerCase() === "chunked";
  return isChunked ? null : "The only Transfer-Encoding that is understood is chunked.";
}

/** Path and query of a request target, as written; null when it has none. */
export function originForm(target: string): string | null {
  if (target.startsWith("/")) return target;
  const absolute = /^https?:\/\/[^/?#]*(.*)$/i.exec(target);
  if (absolute === null) return null;
  const rest = absolute[1] ?? "";
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** Whether the head announces a body: HTTP/1 says so in one of two headers. */
export function announcesBody(headers: HeaderLines): boolean {
  if (headerValues(headers, "transfer-encoding").length > 0) return true;
  const length = headerValues(headers, "content-length")[0];
  return length !== undefined && Number(length) !== 0;
}
