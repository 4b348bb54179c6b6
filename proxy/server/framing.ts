/** Finds requests whose framing is ambiguous, so that nothing is forwarded that two servers read in two ways. */
import { headerValues, type HeaderLines } from "../core/http.ts";

/** What is checked of a parsed HTTP/1 head. */
export interface RawHead {
  readonly target: string;
  readonly headers: HeaderLines;
  /** "1.0" or "1.1". */
  readonly version: string;
}

/** The mend for the caller; null when the framing is sound. Lengths are the parser's part. */
export function flawOf(head: RawHead): string | null {
  const hosts = headerValues(head.headers, "host");
  if (hosts.length > 1) return "The request has more than one Host header.";
  if (hosts.length === 0 && head.version === "1.1") return "The request has no Host header.";
  const codings = headerValues(head.headers, "transfer-encoding");
  if (codings.length > 0 && head.version === "1.0") {
    return "An HTTP/1.0 request cannot have a Transfer-Encoding.";
  }
  if (codings.length > 1 || (codings[0] ?? "chunked").trim().toLowerCase() !== "chunked") {
    return "The only Transfer-Encoding that is understood is chunked.";
  }
  if (originForm(head.target) === null) return "The request target is not a path.";
  return null;
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
