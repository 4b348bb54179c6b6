/** Counts ordinary words for the lexicon: frequent in support texts and not written like names. */
import type { LexiconData } from "../../proxy/inference/lexicon.ts";
import { plain, wordsOf } from "../../proxy/inference/words.ts";

const leastCount = 3;
// Words in capitals within a sentence more often than this are names.
const nameShare = 0.5;

/** Groups of words by falling frequency. */
export function countWords(texts: readonly string[]): LexiconData {
  const counts = new Map<string, number>();
  const capitals = new Map<string, { upper: number; all: number }>();
  for (const text of texts) {
    for (const word of new Set(wordsOf(plain(text)))) {
      if (/^[a-z]+$/u.test(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    countCapitals(text, capitals);
  }
  const isName = (word: string): boolean => {
    const seen = capitals.get(word);
    return seen !== undefined && seen.upper >= 2 && seen.upper / seen.all > nameShare;
  };
  const kept = [...counts].filter(([word, count]) => count >= leastCount && !isName(word));
  return { sentences: texts.length, groups: grouped(kept, texts.length) };
}

/** How often a word that does not begin a sentence has a capital, in texts that use capitals. */
function countCapitals(text: string, into: Map<string, { upper: number; all: number }>): void {
  if (text === text.toLowerCase()) return;
  for (const [, token = ""] of text.matchAll(/(?<=[a-z,;] )([A-Za-z]+)/gu)) {
    const word = token.toLowerCase();
    const seen = into.get(word) ?? { upper: 0, all: 0 };
    seen.all += 1;
    if (/^[A-Z]/u.test(token)) seen.upper += 1;
    into.set(word, seen);
  }
}

/** One group for each factor of about 1.4 in frequency. */
function grouped(
  words: readonly (readonly [string, number])[],
  sentences: number,
): (readonly [number, string])[] {
  const byStep = Map.groupBy(words, ([, count]) => Math.floor(2 * Math.log2(count)));
  return [...byStep]
    .toSorted(([a], [b]) => b - a)
    .map(([, group]) => {
      const mean = group.reduce((sum, [, count]) => sum + count, 0) / group.length;
      const listed = group.map(([word]) => word).toSorted();
      return [Number((mean / sentences).toPrecision(3)), listed.join(" ")] as const;
    });
}
