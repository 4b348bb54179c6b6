/** Reads one shown label: which of the labels it is, its word, and what stands around it; used by label-call.ts. */
import { patternOf, wordsFor } from "../core/label-words.ts";
import type { LabelAnswer } from "../core/policy.ts";

/** A label as the application shows it. */
export interface LabelReply {
  readonly label: string;
  readonly word: string;
  /** What stands before and after the word, to the letter. */
  readonly before: string;
  readonly after: string;
}

/** A longer reply is prose. */
const longestReply = 200;
const longestBefore = 60;

interface Reader {
  readonly pattern: RegExp;
  readonly byWord: ReadonlyMap<string, string>;
}

const readers = new WeakMap<LabelAnswer, Reader>();

/** Null when the reply is anything but one label in a plain frame. */
export function readReply(spec: LabelAnswer, reply: string): LabelReply | null {
  if (reply.length > longestReply) return null;
  const reader = readers.get(spec) ?? readerOf(spec);
  readers.set(spec, reader);
  const [found, ...others] = reply.matchAll(reader.pattern);
  if (found === undefined || others.length > 0) return null;
  const [word] = found;
  const before = reply.slice(0, found.index);
  const after = reply.slice(found.index + word.length);
  const isPlain = before.length <= longestBefore && !/[\p{L}\p{N}]/u.test(after);
  const label = reader.byWord.get(comparable(word));
  if (!isPlain || label === undefined || !isFrame(before)) return null;
  return { label, word, before, after };
}

/** A caption or the beginning of an object; a sentence before the label could say anything of it. */
function isFrame(before: string): boolean {
  return /^\W*(?:[\p{L}_]+(?:[ _][\p{L}_]+)?["'`]?\s*[:=-]\W*)?$/u.test(before);
}

function readerOf(spec: LabelAnswer): Reader {
  const stated = [...spec.labels].map(([label, word]) => [word, label] as const);
  const own = spec.names.flatMap((label) =>
    wordsFor(spec.head, label).map((word) => [word, label] as const),
  );
  const pairs = (stated.length > 0 ? stated : own).toSorted(([a], [b]) => b.length - a.length);
  const words = pairs.map(([word]) => patternOf(word)).join("|");
  return {
    pattern: new RegExp(String.raw`(?<![\p{L}\p{N}_])(?:${words})(?![\p{L}\p{N}_])`, "giu"),
    byWord: singleMeanings(pairs),
  };
}

/** Two labels may share a word, which then is no example of either. */
function singleMeanings(
  pairs: readonly (readonly [string, string])[],
): ReadonlyMap<string, string> {
  const meanings = new Map<string, string>();
  const shared = new Set<string>();
  for (const [word, label] of pairs) {
    const key = comparable(word);
    const other = meanings.get(key);
    if (other !== undefined && other !== label) shared.add(key);
    meanings.set(key, label);
  }
  for (const key of shared) meanings.delete(key);
  return meanings;
}

function comparable(word: string): string {
  return word.toLowerCase().replaceAll(/[_\s-]+/g, "");
}
