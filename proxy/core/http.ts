/** Words for HTTP as it stands on the wire: what a caller sent and what a provider sent back. */
import type { Readable } from "node:stream";

/** Header lines as written, flat: name, value, name, value. Order, case and duplicates are kept. */
export type HeaderLines = readonly string[];

/** The head of a call. `target` is origin-form, path and query as written, provider prefix included. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderLines;
}

/**
 * The caller's body bytes, never changed here.
 * `whole` was read to its end and may be sent more than once; `flowing` begins with what was
 * already read, goes on with what still arrives, and can be sent only once. Trailers are known once
 * the body has ended.
 */
export type RequestBody =
  | { readonly kind: "none" }
  | { readonly kind: "whole"; readonly bytes: Buffer; readonly trailers?: HeaderLines }
  | { readonly kind: "flowing"; readonly stream: Readable; readonly trailers?: () => HeaderLines };

/** Where a call is for: its provider's name, and path and query without a prefix of ours. */
export interface Routed {
  /** Empty for a call that was meant for somebody whom the policy does not name. */
  readonly provider: string;
  readonly path: string;
  /** True for a call that was on its way to the provider itself, whose path is whole already. */
  readonly isRedirected?: boolean;
}

/** The first value of a header, by its lower-case name. */
export function headerValue(lines: HeaderLines, name: string): string | undefined {
  for (let at = 0; at < lines.length; at += 2) {
    if (isNamed(lines[at], name)) return lines[at + 1];
  }
  return undefined;
}

/** Every value of a header in order, by its lower-case name. */
export function headerValues(lines: HeaderLines, name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const value = lines[at + 1];
    if (value !== undefined && isNamed(lines[at], name)) values.push(value);
  }
  return values;
}

// Most names differ in length already, which is seen for nothing.
function isNamed(written: string | undefined, name: string): boolean {
  return written?.length === name.length && written.toLowerCase() === name;
}

/** The lines as pairs of name and value. */
export function pairsOf(lines: HeaderLines): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at < lines.length; at += 2) pairs.push([lines[at] ?? "", lines[at + 1] ?? ""]);
  return pairs;
}

/** The lines whose lower-case name passes; the very same where all do, as nearly all mostly do. */
export function headersWhere(lines: HeaderLines, passes: (name: string) => boolean): HeaderLines {
  let kept: string[] | null = null;
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at] ?? "";
    if (!passes(name.toLowerCase())) kept ??= lines.slice(0, at);
    else kept?.push(name, lines[at + 1] ?? "");
  }
  return kept ?? lines;
}

/** The lines without those whose lower-case name is in `names`. */
export function withoutHeaders(lines: HeaderLines, names: ReadonlySet<string>): HeaderLines {
  return headersWhere(lines, (name) => !names.has(name));
}

/** The path of a request target, without its query. */
export function pathOf(target: string): string {
  const mark = target.indexOf("?");
  return mark < 0 ? target : target.slice(0, mark);
}

/** Whether a reply's lines announce server-sent events. */
export function isEventStream(lines: HeaderLines): boolean {
  return (headerValue(lines, "content-type") ?? "").toLowerCase().startsWith("text/event-stream");
}
