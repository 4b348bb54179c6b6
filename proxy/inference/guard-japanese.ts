/** The pair guard's checks for Japanese, where words are not separated: patterns and runs of one script are compared. */
import type { Objection } from "./guard-text.ts";
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
  const asked = question.replaceAll(politeNegation, "");
  const known = matched.replaceAll(politeNegation, "");
  if (negation.test(asked) !== negation.test(known)) return { kind: "negation", detail: "ない" };
  return (
    opposed(asked, known) ??
    unequal("date", asked.match(datePattern), known.match(datePattern)) ??
    unequal("number", asked.match(kanjiNumber), known.match(kanjiNumber)) ??
    scopeObjection(asked, known) ??
    personalObjection(asked, known) ??
    unequal("entity", runsOf(asked), runsOf(known))
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

/** Runs of kanji, katakana or Latin letters: the words that carry the topic. */
function runsOf(text: string): readonly string[] {
  const topic = text.replaceAll(fillers, " ");
  return topic.match(/\p{Script=Han}+|[\p{Script=Katakana}ー]{2,}|[a-z]{2,}/gu) ?? [];
}
