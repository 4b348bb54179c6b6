/** language: the tag of the language that the text seems to be in, from its script and its small words. */
import { probability, type Probability } from "../core/brand.ts";
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

const ascii = /^[\0-\x7f]*$/;

/** A language's tag, and how sure it is. */
export interface Told {
  readonly tag: string;
  readonly confidence: Probability;
}

/**
 * A primary tag such as `en`; `und` where nothing speaks clearly for one language, `mis` for a script
 * that is none of those above.
 */
export const language: Signal<Told> = {
  name: "language",
  read: ({ text, searchable }) => {
    const sample = text.slice(0, sampleLength);
    // Most texts are plain ASCII, in which every letter is Latin.
    const tag = ascii.test(sample) ? null : byScript(sample);
    if (tag !== null) return { tag, confidence: surenessOfScript(sample, tag) };
    return byWords(searchable.spaced.slice(0, sampleLength));
  },
};

/** Where a tag is only the likeliest one. */
const unsure = probability(0.4);
/** Where nothing of the text speaks for another language; measured on sentences, none of which was wrong. */
const sure = probability(0.98);

/** Scripts that one language has for itself, and what must stand in the others to tell their language. */
const ownScripts: ReadonlyMap<string, RegExp> = new Map([
  ["ja", /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ["ko", /\p{Script=Hangul}/gu],
  ["th", /\p{Script=Thai}/gu],
  ["he", /\p{Script=Hebrew}/gu],
  ["el", /\p{Script=Greek}/gu],
  // Letters that Bulgarian, Serbian and Ukrainian do without.
  ["ru", /[ыэё]/giu],
  ["zh", /[的了是我你您们这那么没请谢哪里怎单还对说什给]/gu],
]);

/** What languages of the same script write and this one does not: Kazakh, Mongolian and others; Yiddish. */
const neighbours: ReadonlyMap<string, RegExp> = new Map([
  ["ru", /[^\P{Script=Cyrillic}а-яё]/iu],
  ["he", /[\u05b0-\u05c2װױײ]/u],
]);

/** Words that Russian sentences are full of, and those of its neighbours are not. */
const russianWord =
  /(?<!\p{L})(?:не|что|это|как|для|где|или|если|есть|мне|мой|вы|я|у|уже|был|была|было|может)(?!\p{L})/iu;

/** Scripts of which one letter in another's text means that the text is mixed. */
const distinct: readonly string[] = ["ja", "ko", "th", "he", "el"];

/** Of a text that is all but wholly in one script. */
function surenessOfScript(sample: string, tag: string): Probability {
  const pattern = ownScripts.get(tag);
  if (pattern === undefined || countOf(sample, pattern) < 2) return unsure;
  const letters = countOf(sample, /\p{L}/gu);
  const latin = countOf(sample, /\p{Script=Latin}/gu);
  if (neighbours.get(tag)?.test(sample) === true) return unsure;
  if (tag === "ru" && !russianWord.test(sample)) return unsure;
  const isMixed = distinct.some((other) => other !== tag && holds(sample, other));
  return letters >= 4 && latin <= letters * 0.1 && !isMixed ? sure : unsure;
}

function holds(sample: string, tag: string): boolean {
  return countOf(sample, ownScripts.get(tag) ?? /$^/gu) > 0;
}

function countOf(sample: string, pattern: RegExp): number {
  return sample.match(pattern)?.length ?? 0;
}

/** A foreign script tells at once when it makes up enough of the letters; a stray character does not. */
function byScript(sample: string): string | null {
  const letters = countOf(sample, /\p{L}/gu);
  if (letters === 0) return null;
  const latin = countOf(sample, /\p{Script=Latin}/gu);
  if (letters - latin < letters * foreignShare) return null;
  const found = scripts.find(([pattern]) => pattern.test(sample));
  return found?.[1] ?? (han.test(sample) ? "und" : "mis");
}

function byWords(spaced: string): Told {
  const text = spaced.trim();
  const greeting = greetings.get(text);
  if (greeting !== undefined) return { tag: greeting, confidence: unsure };
  const words = text.split(" ");
  const ranked = [...scores(words)].toSorted(([, one], [, other]) => other - one);
  const [best, second] = ranked;
  const none = { tag: "und", confidence: unsure };
  if (best === undefined) return none;
  // One small word of another language in a sentence is more often a name or a slip than that language.
  if (best[0] !== "en" && best[1] < (words.length > 2 ? 1.2 : 0.5)) return none;
  if (second !== undefined && second[1] >= best[1]) return none;
  return { tag: best[0], confidence: isPlain(text, words, best) ? sure : unsure };
}

/** Fewest words that a sentence of a language needs to be told for certain. */
const fewestWords = 5;

/** Least share of a sentence's words that are small words of its language. */
const leastShare = 0.35;

interface Alphabet {
  /** A letter that the language does not write. */
  readonly foreign: RegExp;
  /** Letters without which its sentences are too like those of a neighbour; null where there is no need. */
  readonly own: RegExp | null;
}

/** Of the languages that are told for certain by words; others have neighbours that write the same small words. */
const alphabets: ReadonlyMap<string, Alphabet> = new Map([
  ["en", { foreign: /[^\P{L}a-zéï]/u, own: null }],
  ["de", { foreign: /[^\P{L}a-zäöüß]/u, own: /[äöüß]/u }],
  ["fr", { foreign: /[^\P{L}a-zàâæçéèêëîïôœùûü]/u, own: /[àâçèêîôœùû]/u }],
  ["es", { foreign: /[^\P{L}a-záéíóúüñ]/u, own: /[áíóúñ]/u }],
  ["it", { foreign: /[^\P{L}a-zàèéìíòù]/u, own: /[àèìòù]/u }],
  ["pt", { foreign: /[^\P{L}a-záàâãçéêíóôõúü]/u, own: /[ãõçâê]/u }],
  ["pl", { foreign: /[^\P{L}a-ząćęłńóśźż]/u, own: /[ąęłśżźćń]/u }],
  ["cs", { foreign: /[^\P{L}a-záčďéěíňóřšťúůýž]/u, own: /[ěřů]/u }],
  ["tr", { foreign: /[^\P{L}a-pr-vyzçğıöşüâîû]/u, own: /[ğış]/u }],
  ["hu", { foreign: /[^\P{L}a-záéíóöőúüű]/u, own: /[őűáé]/u }],
  ["ro", { foreign: /[^\P{L}a-zăâîșțşţ]/u, own: /[ășțşţ]/u }],
  ["sv", { foreign: /[^\P{L}a-zåäöé]/u, own: /[äö]/u }],
  ["vi", { foreign: /[^\P{L}a-zà-ỹđ]/u, own: /[ơưđ\u1ea0-\u1ef9]/u }],
]);

/** Whether no third of the text speaks for another language, and two of them for this one: then it is not half in another. */
function isPlain(
  text: string,
  words: readonly string[],
  [tag, sum]: readonly [string, number],
): boolean {
  const alphabet = alphabets.get(tag);
  if (words.length < fewestWords || sum < 2 || sum < words.length * leastShare) return false;
  if (alphabet === undefined || alphabet.foreign.test(text)) return false;
  if (alphabet.own !== null && !alphabet.own.test(text)) return false;
  const length = Math.ceil(words.length / 3);
  const thirds = [0, 1, 2].map((at) => scores(words.slice(at * length, (at + 1) * length)));
  const isAlone = thirds.every((third) => Math.max(0, ...third.values()) <= (third.get(tag) ?? 0));
  return isAlone && thirds.filter((third) => third.has(tag)).length >= 2;
}

function scores(words: readonly string[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  const add = (tag: string, weight: number): void => {
    sums.set(tag, (sums.get(tag) ?? 0) + weight);
  };
  for (const word of words) {
    const tags = languagesOf.get(word) ?? [];
    for (const tag of tags) add(tag, 1 / tags.length);
    // No telling letter is ASCII.
    if (ascii.test(word)) continue;
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
