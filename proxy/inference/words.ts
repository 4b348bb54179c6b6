/** Text to comparable words: one normal form for the pair guard and for similarity of wording. */
import { courtesies, stopWords } from "./english-words.ts";

const contractions: readonly (readonly [RegExp, string])[] = [
  [/\bcan'?t\b/gu, "can not"],
  [/\bcannot\b/gu, "can not"],
  [/\bwon't\b/gu, "will not"],
  [/\bain't\b/gu, "is not"],
  [/\b(do|does|did|is|are|was|were|has|have|had|could|would|should|must|need)n'?t\b/gu, "$1 not"],
  [/\b(i)'?m\b/gu, "$1 am"],
  [/\b(i|you|we|they)'ve\b/gu, "$1 have"],
  [/\b(i|you|he|she|it|we|they|that|there)'ll\b/gu, "$1 will"],
  [/\b(i|you|he|she|we|they)'d\b/gu, "$1 would"],
  [/\b(you|we|they)'re\b/gu, "$1 are"],
  [/\b(what|where|how|who|when|that|there|it|he|she|here)'?s\b/gu, "$1 is"],
  [/\blog(?:ging)? ?[- ]?in\b|\bsign(?:ing)? ?[- ]?in\b/gu, "login"],
  [/\blog(?:ging)? ?[- ]?out\b|\bsign(?:ing)? ?[- ]?out\b/gu, "logout"],
  [/\bcheck(?:ing)?[- ]?in\b/gu, "checkin"],
  [/\bcheck(?:ing)?[- ]?out\b/gu, "checkout"],
  [/\btop(?:ped|ping|s)?[- ]?ups?\b/gu, "topup"],
  [/\bset(?:ting)?[- ]?up\b/gu, "setup"],
  [/\bsign(?:ing)?[- ]?up\b/gu, "register"],
  [/\be[- ]mail\b/gu, "email"],
  [/\bwi[- ]fi\b/gu, "wifi"],
  [/\bnon[- ]smoking\b/gu, "nonsmoking"],
];

/** NFKC, plain quotes, lower case, contractions and two-word verbs written out. */
export function plain(text: string): string {
  let result = text
    .normalize("NFKC")
    .replaceAll(/[\u2018\u2019\u02BC`]/gu, "'")
    .toLowerCase();
  for (const [pattern, replacement] of contractions) result = result.replace(pattern, replacement);
  return result;
}

/** Words of plain text in order: letters, digits and the marks that numbers and names carry inside. */
export function wordsOf(plainText: string): string[] {
  return (
    plainText.match(/[\p{L}\p{M}\p{N}]+(?:['.,:&_@/-][\p{L}\p{M}\p{N}]+)*/gu)?.flatMap(split) ?? []
  );
}

// "order/account" is two words, "3.50" and "a@b.com" are one.
function split(token: string): string[] {
  if (/[@\d]/u.test(token)) return [token.replaceAll(/(?<=\d),(?=\d{3})/gu, "")];
  return token
    .replace(/'s$/u, "")
    .split(/['.,:&_/-]/u)
    .filter((part) => part !== "");
}

const endings: readonly (readonly [RegExp, string])[] = [
  [/(?<=..)ies$/u, "y"],
  [/(?<=...)ing$/u, ""],
  [/(?<=...)ed$/u, ""],
  [/(?<=..[^su])s$/u, ""],
  [/(?<=..)([^aeiouls])\1$/u, "$1"],
  [/(?<=....)ll$/u, "l"],
  [/(?<=...)e$/u, ""],
];

/** A word's stem, coarse: plural, -ing, -ed and a final e are taken off. */
export function stem(word: string): string {
  if (/\d/u.test(word)) return word;
  return endings.reduce((rest, [ending, left]) => rest.replace(ending, left), word);
}

const stopStems: ReadonlySet<string> = new Set([...stopWords, ...courtesies].map(stem));

/** Whether a stem carries no topic of its own. */
export function isStopStem(word: string): boolean {
  return stopStems.has(word);
}

/** A greeting before a question is left out; a text that is nothing else keeps it. */
function withoutCourtesies(words: readonly string[]): readonly string[] {
  const rest = words.filter((word) => !courtesies.has(word));
  return rest.some((word) => !stopWords.has(word)) ? rest : words;
}

/** Distinct stems of a text, courtesies left out. Japanese becomes pairs of characters. */
export function stemsOf(text: string): ReadonlySet<string> {
  const stems = new Set<string>();
  for (const word of withoutCourtesies(wordsOf(plain(text)))) {
    if (isJapanese(word)) for (const pair of pairsOf(word)) stems.add(pair);
    if (!isJapanese(word)) stems.add(stem(word));
  }
  return stems;
}

/** Whether kana or kanji stand in the text. */
export function isJapanese(text: string): boolean {
  return /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(text);
}

function pairsOf(word: string): string[] {
  const characters = Array.from(word);
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, at) => `${characters[at] ?? ""}${character}`);
}

/** The text's words in one line: equal for texts that differ in case, punctuation and courtesies only. */
export function wordLine(text: string): string {
  return withoutCourtesies(wordsOf(plain(text))).join(" ");
}

/** Whether two words are one typo apart: a letter more, less, other, or two swapped; short words never are. */
export function isTypo(a: string, b: string): boolean {
  if (a === b) return true;
  if (Math.min(a.length, b.length) < 4 || Math.abs(a.length - b.length) > 1) return false;
  const start = sharedLength(a, b, 0);
  const end = sharedEnd(a, b, start);
  const left = a.slice(start, a.length - end);
  const right = b.slice(start, b.length - end);
  if (left.length <= 1 && right.length <= 1) return true;
  return left.length === 2 && left === `${right[1] ?? ""}${right[0] ?? ""}`;
}

function sharedLength(a: string, b: string, from: number): number {
  let at = from;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}

function sharedEnd(a: string, b: string, start: number): number {
  const most = Math.min(a.length, b.length) - start;
  let end = 0;
  while (end < most && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  return end;
}
