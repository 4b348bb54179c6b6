/** The pair guard's checks for Japanese, where words are not separated: patterns, runs of one script, and lines of small words are compared. */
import type { Objection } from "./guard-text.ts";
import type { JapaneseLine } from "./japanese-line.ts";
import {
  datePattern,
  fillers,
  kanjiNumber,
  negation,
  oppositePairs,
  personal,
  politeNegation,
  scopePatterns,
} from "./japanese-words.ts";

/** What speaks against the match of two texts of which at least one is Japanese. */
export function japaneseObjection(question: string, matched: string): Objection | null {
  return (
    patternObjection(question, matched) ?? unequal("entity", runsOf(question), runsOf(matched))
  );
}

/** What speaks against the match of two Japanese texts read by japanese-line.ts: all of the topic and most small words must agree. */
export function lineObjection(question: JapaneseLine, matched: JapaneseLine): Objection | null {
  if (question.line === matched.line) return null;
  return (
    patternObjection(question.plain, matched.plain) ??
    (question.topic === matched.topic ? null : { kind: "entity", detail: question.topic }) ??
    meaningObjection(question, matched) ??
    endingObjection(question.inflected, matched.inflected)
  );
}

function patternObjection(question: string, matched: string): Objection | null {
  const asked = question.replaceAll(politeNegation, "");
  const known = matched.replaceAll(politeNegation, "");
  if (negation.test(asked) !== negation.test(known)) return { kind: "negation", detail: "ない" };
  return (
    opposed(asked, known) ??
    unequal("date", asked.match(datePattern), known.match(datePattern)) ??
    unequal("number", asked.match(kanjiNumber), known.match(kanjiNumber)) ??
    scopeObjection(asked, known) ??
    personalObjection(asked, known)
  );
}

function opposed(asked: string, known: string): Objection | null {
  for (const [one, other] of oppositePairs) {
    const isSwapped =
      (one.test(asked) && !other.test(asked) && other.test(known) && !one.test(known)) ||
      (other.test(asked) && !one.test(asked) && one.test(known) && !other.test(known));
    if (isSwapped) return { kind: "antonym", detail: one.source };
  }
  return null;
}

function unequal(
  kind: Objection["kind"],
  asked: readonly string[] | null,
  known: readonly string[] | null,
): Objection | null {
  const a = asked ?? [];
  const b = known ?? [];
  const odd = a.find((word) => !b.includes(word)) ?? b.find((word) => !a.includes(word));
  return odd === undefined ? null : { kind, detail: odd };
}

function scopeObjection(asked: string, known: string): Objection | null {
  const odd = scopePatterns.find(([, pattern]) => pattern.test(asked) !== pattern.test(known));
  return odd === undefined ? null : { kind: "scope", detail: odd[0] };
}

function personalObjection(asked: string, known: string): Objection | null {
  if (!personal.test(asked) || personal.test(known)) return null;
  return { kind: "personal", detail: "私の" };
}

/** Meanings that change an answer, by the kind of objection. */
const meanings: readonly (readonly [Objection["kind"], string])[] = [
  ["negation", "NOT NEEDNOT"],
  ["scope", "ONLY ALL EACH OTHER ALWAYS"],
  ["direction", "FROM UNTIL THAN BEFORE AFTER SARE WO NI DE TO"],
  ["question", "WHEN WHERE WHO WHY HOW HOWMUCH HOWMANY HOWLONG WHICH WHAT AND IF ING"],
  ["question", "MUST MAY SHOULD PLEASE PAST DONE AGAIN ALREADY SOON THIS THAT NARU OPEN BAD"],
];
const kindOf: ReadonlyMap<string, Objection["kind"]> = new Map(
  meanings.flatMap(([kind, words]) => words.split(" ").map((word) => [word, kind] as const)),
);

/** A meaning that one text may have and the other lack, if the other has what is named here. */
const excused: ReadonlyMap<string, string> = new Map([
  // "Has not arrived" and "does not arrive" complain of the same; "has arrived" and "arrives" differ.
  ["ING", "NOT"],
  // Who wants to do a thing asks how to.
  ["HOW", "WANT"],
  ["IF", "TO"],
  ["TO", "IF"],
]);
/** What names a price is asked for by "how much" or without it. */
const price = /費用|料|代|価格|値段|金額/u;

function meaningObjection(question: JapaneseLine, matched: JapaneseLine): Objection | null {
  const [asked, known] = [question.meanings, matched.meanings];
  for (const word of asked.symmetricDifference(known)) {
    const kind = kindOf.get(word);
    const lacking = asked.has(word) ? known : asked;
    const isExcused =
      lacking.has(excused.get(word) ?? "") || (word === "HOWMUCH" && price.test(question.topic));
    if (kind !== undefined && !isExcused) return { kind, detail: word };
  }
  return null;
}

/** Endings of one verb that say the same before ます, て, ない and at the end; what one can do, is done or has done is none of them. */
const forms = [
  "きいくか",
  "ぎいぐが",
  "しすさ",
  "ちっつた",
  "にんぬな",
  "びんぶば",
  "みんむま",
  "りっるら",
  "いっうわ",
];

/** The same kanji with endings that are no forms of one verb. */
function endingObjection(
  asked: JapaneseLine["inflected"],
  known: JapaneseLine["inflected"],
): Objection | null {
  const [one, other] = [new Map(asked), new Map(known)];
  for (const stem of new Set([...one.keys(), ...other.keys()])) {
    const [said, meant] = [one.get(stem) ?? "", other.get(stem) ?? ""];
    if (!isRelated(said, meant)) return { kind: "entity", detail: `${said} / ${meant}` };
  }
  return null;
}

function isRelated(one: string, other: string): boolean {
  if (one === other) return true;
  const isShort = one.length === 1 && other.length === 1;
  return isShort && forms.some((form) => form.includes(one) && form.includes(other));
}

/** Runs of kanji, katakana or Latin letters: the words that carry the topic. */
function runsOf(text: string): readonly string[] {
  const topic = text.replaceAll(politeNegation, "").replaceAll(fillers, " ");
  return topic.match(/\p{Script=Han}+|[\p{Script=Katakana}ー]{2,}|[a-z]{2,}/gu) ?? [];
}
