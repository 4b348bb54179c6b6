/** Framing and hop-by-hop lines: what belongs to one connection only; edits and relay use it. */
import {
  headerValue,
  headerValues,
  headersWhere,
  type HeaderLines,
  type RequestBody,
} from "../core/http.ts";

/** Hop-by-hop names (lower case); those that `Connection` lists come on top. */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Methods whose requests are not expected to have a body, so a missing length means none. */
const bodiless: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"]);

/** A request's lines and what they frame. */
export interface Framed {
  readonly method: string;
  readonly headers: HeaderLines;
  readonly body: RequestBody;
  /** The provider's host, for lines that name none. */
  readonly host: string;
  /** True when `Connection` and `Upgrade` are meant for the provider. */
  readonly isUpgrade: boolean;
}

/**
 * The lines as they go on the wire: no line of the caller's connection, one way of framing, a Host.
 * Lines that are right already stay untouched.
 */
export function framed(request: Framed): HeaderLines {
  const { method, body, isUpgrade } = request;
  const lines = isUpgrade ? request.headers : ownLines(request.headers);
  const sized = withLength(lines, body);
  const hosted =
    headerValue(sized, "host") === undefined ? ["Host", request.host, ...sized] : sized;
  if (headerValue(hosted, "content-length") !== undefined) return hosted;
  if (isChunked(body)) return [...hosted, "Transfer-Encoding", "chunked"];
  return bodiless.has(method) ? hosted : [...hosted, "Content-Length", "0"];
}

/**
 * The lines with a Content-Length that is true of the body: as written where right, replaced in place
 * where wrong, added where the length is known. A flowing body keeps what the caller declared.
 */
export function withLength(lines: HeaderLines, body: RequestBody): HeaderLines {
  const declared = headerValues(lines, "content-length");
  const right = lengthOf(body, declared[0]);
  if (declared.length === 1 && declared[0] === right) return lines;
  return replaced(lines, ["content-length"], right === null ? null : ["content-length", right]);
}

/** The lower-case names of the lines that belong to one connection, those that `Connection` lists included. */
export function hopByHopOf(lines: HeaderLines): ReadonlySet<string> {
  const listed = headerValues(lines, "connection")
    .flatMap((value) => value.split(","))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "close" && !hopByHop.has(name));
  return listed.length === 0 ? hopByHop : new Set([...hopByHop, ...listed]);
}

/** `line` takes the place of the first of the named lines, or goes last; the other named lines go. */
export function replaced(
  lines: HeaderLines,
  names: readonly string[],
  line: readonly string[] | null,
): string[] {
  const result: string[] = [];
  let due = line;
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] ?? "";
    const value = lines[at + 1] ?? "";
    if (!names.includes(name.toLowerCase())) {
      result.push(name, value);
      continue;
    }
    if (due !== null) result.push(...spelled(due, name));
    due = null;
  }
  return [...result, ...(due ?? [])];
}

// A name that stays the same keeps the caller's spelling.
function spelled([name = "", value = ""]: readonly string[], written: string): string[] {
  return [name.toLowerCase() === written.toLowerCase() ? written : name, value];
}

// An interim answer is our own listener's business, so a provider is never asked for one.
function ownLines(lines: HeaderLines): HeaderLines {
  const hops = hopByHopOf(lines);
  return headersWhere(lines, (name) => name !== "expect" && !hops.has(name));
}

function lengthOf(body: RequestBody, declared: string | undefined): string | null {
  switch (body.kind) {
    case "none":
      return declared === undefined ? null : "0";
    case "whole":
      return isChunked(body) ? null : sameLength(declared, body.bytes.length);
    case "flowing":
      return declared ?? null;
  }
}

// Trailers have a place behind chunks only.
function isChunked(body: RequestBody): boolean {
  if (body.kind === "flowing") return true;
  return body.kind === "whole" && (body.trailers ?? []).length > 0;
}

// "005" says the same as "5": what is right stays as it was written.
function sameLength(declared: string | undefined, length: number): string {
  return declared !== undefined && Number(declared) === length ? declared : String(length);
}
