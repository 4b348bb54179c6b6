/** The pair guard's checks of who is meant: somebody's own matter against a general question, and mine against yours. */
import { personalNouns } from "./english-words.ts";
import type { GuardText, Objection } from "./guard-text.ts";

const lookUp =
  /\b(?:where (?:is|are)|status|track|when will|when is|has|have|did|yet|still|arrived|pending|check|show me|view|see|look up|what is)\b/u;
const introduction =
  /\bmy name is\b|\bthis is \p{L}+ \p{L}+|\b(?:order|account|card|policy|phone|reference|case|ticket) (?:number|id|no)\b(?= (?:is\b|\d|#))/u;

/** A person's own matter against a general question. */
export function personalAgrees(question: GuardText, matched: GuardText): Objection | null {
  if (introduction.test(question.plain) && !introduction.test(matched.plain)) {
    return { kind: "personal", detail: "introduction" };
  }
  if (isPersonal(question) && !isOwn(matched)) return { kind: "personal", detail: "look-up" };
  return null;
}

function isPersonal(text: GuardText): boolean {
  if (!lookUp.test(text.plain)) return false;
  return text.words.some(
    (word, at) =>
      (word === "my" || word === "mine") &&
      text.words.slice(at + 1, at + 4).some((next) => personalNouns.has(next)),
  );
}

function isOwn(text: GuardText): boolean {
  return ["my", "mine", "i", "me"].some((word) => text.wordSet.has(word));
}

/** Word after "my" or "your", and the short ways of saying what somebody is. */
const ofMine = /\bmy (\p{L}+)/gu;
const ofYours = /\byour (\p{L}+)/gu;
const mine = /\b(?:i am|am i)\b(?! \p{L}+ing\b)/u;
const yours = /\b(?:you are|are you)\b(?! \p{L}+ing\b)/u;
const briefly = 6;

/** What is mine is not yours: "my name" and "your name"; "I am happy" and "you are happy". */
export function personAgrees(question: GuardText, matched: GuardText): Objection | null {
  const detail = swapped(question, matched) ?? swapped(matched, question);
  return detail === null ? null : { kind: "person", detail };
}

function swapped(one: GuardText, other: GuardText): string | null {
  const yourThings = thingsOf(other, ofYours);
  const thing = [...thingsOf(one, ofMine)].find((word) => yourThings.has(word));
  if (thing !== undefined && !thingsOf(one, ofYours).has(thing)) return `my / your ${thing}`;
  if (one.words.length > briefly || other.words.length > briefly) return null;
  if (yours.test(one.plain) || mine.test(other.plain)) return null;
  return mine.test(one.plain) && yours.test(other.plain) ? "i / you" : null;
}

function thingsOf(text: GuardText, pattern: RegExp): ReadonlySet<string> {
  return new Set(Array.from(text.plain.matchAll(pattern), ([, word]) => word ?? ""));
}
