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
 * already read, goes on with what still arrives, and can be sent only once.
 */
export type RequestBody =
  | { readonly kind: "none" }
  | { readonly kind: "whole"; readonly bytes: Buffer }
  | { readonly kind: "flowing"; readonly stream: Readable };

/** The first value of a header, by case-insensitive name. */
export function headerValue(lines: HeaderLines, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (let at = 0; at < lines.length; at += 2) {
    if (lines[at]?.toLowerCase() === wanted) return lines[at + 1];
  }
  return undefined;
}

/** Every value of a header in order, by case-insensitive name. */
export function headerValues(lines: HeaderLines, name: string): string[] {
  const wanted = name.toLowerCase();
  const values: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const value = lines[at + 1];
    if (value !== undefined && lines[at]?.toLowerCase() === wanted) values.push(value);
  }
  return values;
}

/** The lines without those whose lower-case name is in `names`. */
export function withoutHeaders(lines: HeaderLines, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const name = lines[at];
    const value = lines[at + 1];
    if (name === undefined || value === undefined || names.has(name.toLowerCase())) continue;
    kept.push(name, value);
  }
  return kept;
}

/** The path of a request target, without its query. */
export function pathOf(target: string): string {
  const mark = target.indexOf("?");
  return mark < 0 ? target : target.slice(0, mark);
}
