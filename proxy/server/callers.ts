/** Tells who calls by the keys that a call carries, and takes the credentials out of it; receive asks for every call. */
import { createHash, timingSafeEqual } from "node:crypto";
import { headersWhere, headerValues, type HeaderLines, type RequestHead } from "../core/http.ts";
import type { CallerRule } from "../core/policy.ts";
import type { Caller } from "../core/received.ts";
import { credentialNames } from "../upstream/edits.ts";

/** A call as the stack is to see it. */
export interface Identified {
  readonly caller: Caller;
  readonly head: RequestHead;
}

/** No key of ours is longer, and nobody has a reason to send more of them. */
const longestKey = 512;
const mostKeys = 8;

/**
 * Where callers are named, the head loses every credential, known or not: no provider sees a caller's.
 * A key that stands anywhere else in the head would be forwarded too: a header that holds one goes, and a call
 * with one in its URL is nobody's.
 */
export function identified(head: RequestHead, callers: readonly CallerRule[] | null): Identified {
  if (callers === null) return { caller: { kind: "anyone" }, head };
  const keys = keysIn(head.headers);
  const names = new Set(keys.flatMap((key) => ownersOf(key, callers)));
  const [name] = names;
  const isPlain = !keys.some((key) => holds(head.target, key));
  const headers = withoutKeys(head.headers, keys);
  const isKnown = names.size === 1 && name !== undefined && isPlain;
  return {
    caller: isKnown ? { kind: "known", name } : { kind: "unknown" },
    head: { ...head, headers },
  };
}

/** What the official clients of all protocols send as their key. */
function keysIn(lines: HeaderLines): readonly string[] {
  const values = credentialNames.flatMap((name) => headerValues(lines, name));
  return values
    .slice(0, mostKeys)
    .map((value) => /^bearer +(.*)$/i.exec(value.trim())?.[1]?.trim() ?? value.trim())
    .filter((key) => key !== "" && key.length <= longestKey);
}

function withoutKeys(lines: HeaderLines, keys: readonly string[]): HeaderLines {
  const open = headersWhere(lines, (name) => !credentialNames.includes(name));
  const kept: string[] = [];
  for (let at = 0; at + 1 < open.length; at += 2) {
    const [name = "", value = ""] = [open[at], open[at + 1]];
    if (!keys.some((key) => holds(value, key))) kept.push(name, value);
  }
  return kept;
}

/** Text that is shorter than any key of ours stands in many places by chance. */
function holds(text: string, key: string): boolean {
  return key.length >= 16 && text.includes(key);
}

interface HashTable {
  readonly names: readonly string[];
  readonly hashes: readonly Buffer[];
}

const tables = new WeakMap<readonly CallerRule[], HashTable>();

function tableOf(callers: readonly CallerRule[]): HashTable {
  const known = tables.get(callers);
  if (known !== undefined) return known;
  const rows = callers.flatMap(({ name, hashes }) => hashes.map((hash) => [name, hash] as const));
  const table = {
    names: rows.map(([name]) => name),
    hashes: rows.map(([, hash]) => Buffer.from(hash, "hex")),
  };
  tables.set(callers, table);
  return table;
}

/** Takes as long for a key that is nearly right as for any other. */
function ownersOf(key: string, callers: readonly CallerRule[]): readonly string[] {
  const { names, hashes } = tableOf(callers);
  const given = createHash("sha256").update(key).digest();
  return names.filter((_, at) => timingSafeEqual(given, hashes[at] ?? Buffer.alloc(32)));
}
