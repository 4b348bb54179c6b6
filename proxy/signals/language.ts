/** language: the tag of the language that the text seems to be in, from its script and its small words. */
import { foreignShare } from "../core/script.ts";
import { greetings, smallWords, tellingLetters } from "./language-words.ts";
import type { Signal } from "./signal.ts";

/** Scripts that tell the language, in the order in which they are tried. */
const scripts: readonly (readonly [RegExp, string])[] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/u, "ja"],
  [/\p{Script=Hangul}/u, "ko"],
  // Characters that only Chinese writes, or that stand in nearly every Chinese sentence.
  [/[的了是我你您吗嗎们們这這那么麼没沒请請谢謝哪里裡怎单單还還对對说說什给給]/u, "zh"],
  // Characters in their Japanese form, and words that Chinese does not have.
  [/[気込働売対様発届円図択処仮戻払価応営済続変験険検読渋駅]|返品|返金|注文|荷物|送料/u, "ja"],
  [/\p{Script=Thai}/u, "th"],
  [/[پچژگ]/u, "fa"],
  [/\p{Script=Arabic}/u, "ar"],
  [/\p{Script=Hebrew}/u, "he"],
  [/\p{Script=Greek}/u, "el"],
  [/\p{Script=Devanagari}/u, "hi"],
  [/\p{Script=Bengali}/u, "bn"],
  [/\p{Script=Tamil}/u, "ta"],
  [/\p{Script=Telugu}/u, "te"],
  [/\p{Script=Georgian}/u, "ka"],
  [/\p{Script=Armenian}/u, "hy"],
  [/[іїєґ]/iu, "uk"],
  [/[ђјљњћџ]/iu, "sr"],
  [/\p{Script=Cyrillic}/u, "ru"],
];

/** Han characters alone may be Chinese or Japanese; any other script that is not listed is known to be foreign. */
const han = /\p{Script=Han}/u;

/** Which languages each small word belongs to. */
const languagesOf: ReadonlyMap<string, readonly string[]> = byWord(smallWords);

/** Characters that are looked at; more would not change the tag. */
const sampleLength = 2000;

/**
 * A primary tag such as `en`; `und` where nothing speaks clearly for one language, `mis` for a script
 * that is none of those above.
 */
export const language: Signal<string> = {
  name: "language",
  read: ({ text, searchable }) =>
    byScript(text.slice(0, sampleLength)) ?? byWords(searchable.spaced.slice(0, sampleLength)),
};

/** A foreign script tells at once when it makes up enough of the letters; a stray character does not. */
function byScript(sample: string): string | null {
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return null;
  const latin = sample.match(/\p{Script=Latin}/gu)?.length ?? 0;
  if (letters - latin < letters * foreignShare) return null;
  const found = scripts.find(([pattern]) => pattern.test(sample));
  return found?.[1] ?? (han.test(sample) ? "und" : "mis");
}

function byWords(spaced: string): string {
  const text = spaced.trim();
  const greeting = greetings.get(text);
  if (greeting !== undefined) return greeting;
  const words = text.split(" ");
  const ranked = [...scores(words)].toSorted(([, one], [, other]) => other - one);
  const [best, second] = ranked;
  if (best === undefined) return "und";
  // One small word of another language in a sentence is more often a name or a slip than that language.
  if (best[0] !== "en" && best[1] < (words.length > 2 ? 1.2 : 0.5)) return "und";
  return second !== undefined && second[1] >= best[1] ? "und" : best[0];
}

function scores(words: readonly string[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  const add = (tag: string, weight: number): void => {
    sums.set(tag, (sums.get(tag) ?? 0) + weight);
  };
  for (const word of words) {
    const tags = languagesOf.get(word) ?? [];
    for (const tag of tags) add(tag, 1 / tags.length);
    for (const [letters, tag] of tellingLetters) if (letters.test(word)) add(tag, 0.8);
  }
  return sums;
}

function byWord(
  byLanguage: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const inverted = new Map<string, string[]>();
  for (const [tag, list] of byLanguage) {
    for (const word of new Set(list)) inverted.set(word, [...(inverted.get(word) ?? []), tag]);
  }
  return inverted;
}
