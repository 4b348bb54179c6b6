/** Where things stand in JSON bytes: top-level members and nesting depth, without building values; used by splice and by body reading. */

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const blanks: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** One member of the outermost object; byte offsets, `end` exclusive. */
export interface Member {
  /** The key with its escapes resolved. */
  readonly key: string;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** The members of the outermost object of `bytes`, which must be valid JSON with an object outermost. */
export function topLevelMembers(bytes: Buffer): readonly Member[] {
  const members: Member[] = [];
  let at = skipBlanks(bytes, 0) + 1;
  for (;;) {
    at = skipBlanks(bytes, at);
    if (bytes[at] !== quote) return members;
    const keyEnd = stringEnd(bytes, at);
    const key = keyOf(bytes, at, keyEnd);
    const valueStart = skipBlanks(bytes, skipBlanks(bytes, keyEnd) + 1);
    const valueEnd = endOfValue(bytes, valueStart);
    members.push({ key, valueStart, valueEnd });
    at = skipBlanks(bytes, valueEnd);
    if (bytes[at] === comma) at += 1;
  }
}

function keyOf(bytes: Buffer, start: number, end: number): string {
  return JSON.parse(bytes.toString("utf8", start, end)) as string;
}

/** What can be said of JSON bytes without parsing them. */
export interface Outline {
  /** How deep brackets nest at most. */
  readonly depth: number;
  /** Members of all objects together, repeated ones included. */
  readonly members: number;
}

/** Safe on bytes that are no JSON at all, of which it says nothing true. */
export function outlineOf(bytes: Buffer): Outline {
  let depth = 0;
  let deepest = 0;
  let members = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) at = stringEnd(bytes, at) - 1;
    else if (byte === colon) members += 1;
    else depth += nesting(byte);
    if (depth > deepest) deepest = depth;
  }
  return { depth: deepest, members };
}

/** 1 for an opening bracket or brace, -1 for a closing one, else 0. */
function nesting(byte: number): number {
  if (byte === 0x7b || byte === 0x5b) return 1;
  return byte === 0x7d || byte === 0x5d ? -1 : 0;
}

/** Past the closing quote of the string that opens at `start`; the end of the bytes if it never closes. */
function stringEnd(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return Math.min(at + 1, bytes.length);
}

function endOfValue(bytes: Buffer, start: number): number {
  const byte = bytes[start] ?? 0;
  if (byte === quote) return stringEnd(bytes, start);
  return nesting(byte) > 0 ? endOfNested(bytes, start) : endOfWord(bytes, start);
}

function endOfNested(bytes: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const byte = bytes[at] ?? 0;
    depth += nesting(byte);
    at = byte === quote ? stringEnd(bytes, at) : at + 1;
  } while (depth > 0 && at < bytes.length);
  return at;
}

function endOfWord(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length && !isWordEnd(bytes[at] ?? 0)) at += 1;
  return at;
}

function isWordEnd(byte: number): boolean {
  return byte === comma || nesting(byte) < 0 || blanks.has(byte);
}

function skipBlanks(bytes: Buffer, start: number): number {
  let at = start;
  while (blanks.has(bytes[at] ?? 0)) at += 1;
  return at;
}
