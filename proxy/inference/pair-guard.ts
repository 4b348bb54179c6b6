/** The second look at a match: what similarity cannot see (negation, numbers, names, scope) must agree; used by FAQ and intents. */
import { japaneseObjection } from "./guard-japanese.ts";
import { namesAgree } from "./guard-names.ts";
import { personAgrees, personalAgrees } from "./guard-person.ts";
import { directionAgrees, dutyAgrees, questionAgrees } from "./guard-question.ts";
import { topicAgrees } from "./guard-topic.ts";
import { readForGuard, type GuardText, type Objection, type WordKnowledge } from "./guard-text.ts";
import {
  dates,
  negations,
  numberWords,
  opposites,
  people,
  scopes,
  softNegations,
  units,
} from "./english-words.ts";
import { wordsOf } from "./words.ts";

type Check = (
  question: GuardText,
  matched: GuardText,
  known: WordKnowledge | null,
) => Objection | null;

/** Null when the two may mean the same; any doubt is an objection. Pure. */
export function guard(
  question: string,
  matched: string,
  known: WordKnowledge | null = null,
): Objection | null {
  return guardTexts(readForGuard(question), readForGuard(matched), known);
}

/** The same for texts read before. */
export function guardTexts(
  question: GuardText,
  matched: GuardText,
  known: WordKnowledge | null,
): Objection | null {
  if (question.plain === matched.plain) return null;
  for (const check of checks) {
    const objection = check(question, matched, known);
    if (objection !== null) return objection;
  }
  return null;
}

const checks: readonly Check[] = [
  numbersAgree,
  unitsAgree,
  datesAgree,
  negationAgrees,
  noOpposites,
  noPrefixOpposites,
  scopeAgrees,
  questionAgrees,
  dutyAgrees,
  personalAgrees,
  personAgrees,
  peopleAgree,
  directionAgrees,
  marksAgree,
  namesAgree,
  topicAgrees,
  japaneseAgrees,
];

function differing(a: ReadonlySet<string>, b: ReadonlySet<string>): string | null {
  for (const word of a) if (!b.has(word)) return word;
  for (const word of b) if (!a.has(word)) return word;
  return null;
}

function numbersAgree(question: GuardText, matched: GuardText): Objection | null {
  const asked = numbersOf(question);
  const known = numbersOf(matched);
  const word = differing(new Set(asked), new Set(known)) ?? firstUnequal(asked, known);
  if (word === null) return null;
  const isPlain = /^\d+(?:\.\d+)?(?:st|nd|rd|th)?$/u.test(word);
  return { kind: isPlain && word.length < 5 ? "number" : "identifier", detail: word };
}

/** A number said twice is not a number said once: "3 items in 3 days" against "3 items". */
function firstUnequal(asked: readonly string[], known: readonly string[]): string | null {
  if (asked.length === known.length) return null;
  const [longer, shorter] = asked.length > known.length ? [asked, known] : [known, asked];
  return longer.find((word, at) => word !== shorter[at]) ?? null;
}

/** In order, written in one way. */
function numbersOf(text: GuardText): readonly string[] {
  return text.words.flatMap((word) => {
    const digits = /\d|@/u.test(word) ? [word.replace(/^(\d+)\.0+$/u, "$1")] : [];
    const spelled = numberWords.get(word);
    return spelled === undefined ? digits : [...digits, spelled];
  });
}

function unitsAgree(question: GuardText, matched: GuardText): Objection | null {
  const asked = meanings(question, units, /[$€£¥%]/gu);
  const known = meanings(matched, units, /[$€£¥%]/gu);
  if (asked.size === 0 || known.size === 0) return null;
  const word = differing(asked, known);
  return word === null ? null : { kind: "unit", detail: word };
}

const signs: ReadonlyMap<string, string> = new Map([
  ["$", "usd"],
  ["€", "eur"],
  ["£", "gbp"],
  ["¥", "jpy"],
  ["%", "percent"],
]);

function meanings(
  text: GuardText,
  table: ReadonlyMap<string, string>,
  marks: RegExp | null,
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const word of text.words) {
    const meaning = table.get(word.replace(/^\d+(?=\p{L})/u, ""));
    if (meaning !== undefined) found.add(meaning);
  }
  for (const mark of marks === null ? [] : (text.plain.match(marks) ?? [])) {
    found.add(signs.get(mark) ?? mark);
  }
  return found;
}

function datesAgree(question: GuardText, matched: GuardText): Objection | null {
  const word = differing(meanings(question, dates, null), meanings(matched, dates, null));
  return word === null ? null : { kind: "date", detail: word };
}

function negationAgrees(question: GuardText, matched: GuardText): Objection | null {
  if (isNegated(question) === isNegated(matched)) return null;
  const [negated, positive] = isNegated(question) ? [question, matched] : [matched, question];
  if (positive.words.some((word) => softNegations.has(word))) return null;
  if (asksForHelp(negated) && !ability.test(positive.plain)) return null;
  return { kind: "negation", detail: isNegated(question) ? "asked" : "matched" };
}

function isNegated(text: GuardText): boolean {
  return hasNegation(text.words);
}

function hasNegation(words: readonly string[]): boolean {
  return words.some((word) => negations.has(word));
}

const inability = /\bi (?:can|could) not\b|\bi am (?:not able|unable) to\b/gu;
const ability = /\bi (?:can|could|am able to)\b(?! not)|(?<!\b(?:how|what|where|when) )\bcan i\b/u;

/** Who cannot do a thing, and denies nothing else, asks how to do it. */
function asksForHelp(text: GuardText): boolean {
  const rest = text.plain.replaceAll(inability, " ");
  return rest !== text.plain && !hasNegation(wordsOf(rest));
}

const sides = opposites.map(([a, b]) => [a.split(" "), b.split(" ")] as const);

function noOpposites(question: GuardText, matched: GuardText): Objection | null {
  for (const [one, other] of sides) {
    const detail = opposed(question, matched, one, other) ?? opposed(question, matched, other, one);
    if (detail !== null) return { kind: "antonym", detail };
  }
  return null;
}

function has(text: GuardText, words: readonly string[]): boolean {
  return words.some((word) => text.wordSet.has(word));
}

/** The question has `one` and not `other`, the matched text the reverse. */
function opposed(
  question: GuardText,
  matched: GuardText,
  one: readonly string[],
  other: readonly string[],
): string | null {
  if (!has(question, one) || has(question, other)) return null;
  if (!has(matched, other) || has(matched, one)) return null;
  return `${one[0] ?? ""} / ${other[0] ?? ""}`;
}

const oppositePrefix = /^(?:un|non|dis|in|im|ir|il)(?=\p{L}{4})/u;

/** "limited" and "unlimited". */
function noPrefixOpposites(question: GuardText, matched: GuardText): Objection | null {
  const detail = prefixed(question, matched) ?? prefixed(matched, question);
  return detail === null ? null : { kind: "antonym", detail };
}

function prefixed(one: GuardText, other: GuardText): string | null {
  const word = one.words.find((said) => {
    const bare = said.replace(oppositePrefix, "");
    return bare !== said && other.wordSet.has(bare) && !has(one, [bare]) && !has(other, [said]);
  });
  return word ?? null;
}

const scopeGroups = scopes.map(([name, words]) => [name, words.split(" ")] as const);

function scopeAgrees(question: GuardText, matched: GuardText): Objection | null {
  for (const [name, words] of scopeGroups) {
    const asked = words.some((word) => question.wordSet.has(word));
    const known = words.some((word) => matched.wordSet.has(word));
    if (asked !== known) return { kind: "scope", detail: name };
  }
  return null;
}

/** Signs at a word's end that make it another one: "Pro+", "C#". */
const endMarks = /[\p{L}\p{N}]+[+#]+/gu;

function marksAgree(question: GuardText, matched: GuardText): Objection | null {
  const asked = new Set(question.plain.match(endMarks));
  const word = differing(asked, new Set(matched.plain.match(endMarks)));
  return word === null ? null : { kind: "entity", detail: word };
}

/** Whom it is about: what holds for students need not hold for a neighbour. */
function peopleAgree(question: GuardText, matched: GuardText): Objection | null {
  const word = differing(meanings(question, people, null), meanings(matched, people, null));
  return word === null ? null : { kind: "person", detail: word };
}

function japaneseAgrees(question: GuardText, matched: GuardText): Objection | null {
  if (!question.isJapanese && !matched.isJapanese) return null;
  return japaneseObjection(question.plain, matched.plain);
}
