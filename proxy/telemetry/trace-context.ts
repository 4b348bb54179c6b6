/** W3C Trace Context (Level 2) as it stands in headers: strict reading and writing; used by the tracer. */
import { headerValues, type HeaderLines } from "../core/http.ts";

/** A caller's `traceparent`. */
export interface TraceParent {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly parentId: string;
  /** The known bits only: `sampledFlag` and `randomFlag`. */
  readonly flags: number;
}

/** One member of a `tracestate` list. */
export interface TraceMember {
  readonly key: string;
  readonly value: string;
}

/** The caller's span is recorded. */
export const sampledFlag = 0x01;

/** The trace-id is random; carried over unchanged while the trace goes on. */
export const randomFlag = 0x02;

const mostMembers = 32;

// 55 characters, then nothing (version 00) or a dash and what later versions add.
const parentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const keyPattern = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
const valuePattern = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const allZero = /^0+$/;

/** The caller's `traceparent`; null when it is absent, repeated or malformed, and a new trace begins. */
export function readTraceparent(lines: HeaderLines): TraceParent | null {
  const values = headerValues(lines, "traceparent").map(trimmed);
  const match = values.length === 1 ? parentPattern.exec(values.join("")) : null;
  if (match === null) return null;
  const [, version, traceId = "", parentId = "", flags = "", later] = match;
  if (version === "ff" || (version === "00" && later !== undefined)) return null;
  if ([traceId, parentId].some((id) => allZero.test(id))) return null;
  return { traceId, parentId, flags: Number.parseInt(flags, 16) & (sampledFlag | randomFlag) };
}

/**
 * The members of the caller's `tracestate` headers, in order. A list with one illegal member, or with
 * more than 32, is discarded whole: empty. Meaningful only together with a valid `traceparent`.
 */
export function readTracestate(lines: HeaderLines): readonly TraceMember[] {
  const texts = headerValues(lines, "tracestate").flatMap((value) => value.split(","));
  const members = texts.map(trimmed).filter((text) => text !== "");
  if (members.length > mostMembers) return [];
  const read = members.map(memberOf).filter((member) => member !== null);
  return read.length === members.length ? read : [];
}

/** A `traceparent` value of version 00. */
export function writeTraceparent(parent: TraceParent): string {
  const flags = (parent.flags & (sampledFlag | randomFlag)).toString(16).padStart(2, "0");
  return `00-${parent.traceId}-${parent.parentId}-${flags}`;
}

/** A `tracestate` value; "" for an empty list. */
export function writeTracestate(members: readonly TraceMember[]): string {
  return members.map(({ key, value }) => `${key}=${value}`).join(",");
}

/** Ours goes leftmost and stands once; the rightmost goes when that makes too many. */
export function withMember(
  members: readonly TraceMember[],
  member: TraceMember,
): readonly TraceMember[] {
  const others = members.filter(({ key }) => key !== member.key);
  return [member, ...others].slice(0, mostMembers);
}

/** The value's leading spaces belong to it; trailing ones went when the member was trimmed. */
function memberOf(text: string): TraceMember | null {
  const equals = text.indexOf("=");
  const key = text.slice(0, Math.max(0, equals));
  const value = text.slice(equals + 1);
  return keyPattern.test(key) && valuePattern.test(value) ? { key, value } : null;
}

/** Without spaces and tabs around it; other white space is illegal and stays. */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text, from)) from += 1;
  while (to > from && isBlank(text, to - 1)) to -= 1;
  return text.slice(from, to);
}

function isBlank(text: string, at: number): boolean {
  return text[at] === " " || text[at] === "\t";
}
