/** Tells how a match came about, with the sentence and the guard's objection in words; intents.ts and faq.ts give it to `explain`. */
import type { GuardAccount, MatchAccount } from "../core/ports.ts";
import type { Judged } from "./calibration.ts";
import { readForGuard, type Objection } from "./guard-text.ts";
import type { Match, SentenceClass } from "./matcher.ts";
import { dot } from "./vectors.ts";

/** What matches of either way have in common. */
type Found = Pick<Match, "best" | "sentence" | "similarity" | "margin" | "isExact" | "objection">;

/** A matched text with the classes it was matched against. */
export interface Matched {
  readonly text: string;
  readonly embedding: Float32Array;
  readonly match: Match;
  readonly classes: readonly SentenceClass[];
  readonly judged: Judged;
}

/** Gives the name of a class, by one of its sentences. */
type NameOf = (at: number, sentence: number) => string;

/** The account of a match by meaning. */
export function accountOf(given: Matched, nameOf: NameOf, isMeant: boolean): MatchAccount {
  const { match, classes, embedding } = given;
  const { second } = match;
  const rival = second === null ? null : nearestOf(classes[second], embedding);
  const named =
    second === null || rival === null
      ? null
      : { name: nameOf(second, rival.sentence), similarity: rival.similarity };
  return { ...accountOfFound(given, nameOf, isMeant), second: named };
}

/** The account of a match by whatever way, which knows of no second class. */
export function accountOfFound(
  given: {
    readonly text: string;
    readonly match: Found;
    readonly classes: readonly { readonly sentences: readonly string[] }[];
    readonly judged: Judged;
  },
  nameOf: NameOf,
  isMeant: boolean,
): MatchAccount {
  const { match, classes, text, judged } = given;
  const sentence = classes[match.best]?.sentences[match.sentence] ?? "";
  return {
    best: {
      name: nameOf(match.best, match.sentence),
      isMeant,
      ...judged,
      similarity: match.similarity,
      sentence,
    },
    second: null,
    margin: match.margin,
    isExact: match.isExact,
    guard: match.objection === null ? null : inWords(match.objection, text, sentence),
  };
}

function nearestOf(
  one: SentenceClass | undefined,
  embedding: Float32Array,
): { readonly sentence: number; readonly similarity: number } | null {
  const cosines = (one?.vectors ?? []).map((vector) => dot(vector, embedding));
  if (cosines.length === 0) return null;
  const similarity = Math.max(...cosines);
  return { similarity, sentence: cosines.indexOf(similarity) };
}

const whole: Partial<Readonly<Record<Objection["kind"], string>>> = {
  personal: "the question asks about something of the user's own, and the match does not",
};

function inWords({ kind, detail }: Objection, question: string, matched: string): GuardAccount {
  const because =
    whole[kind] ?? (kind === "negation" ? negated(detail) : differing(detail, question, matched));
  return { kind, because };
}

function negated(detail: string): string {
  if (detail === "asked") return "a negation is in the question and not in the match";
  if (detail === "matched") return "a negation is in the match and not in the question";
  return "only one of the question and the match is negated";
}

function differing(detail: string, question: string, matched: string): string {
  const [one = detail, other] = detail.split(" / ");
  if (other !== undefined) return `"${one}" stands against "${other}"`;
  const isAsked = readForGuard(question).wordSet.has(detail);
  const isKnown = readForGuard(matched).wordSet.has(detail);
  if (isAsked && !isKnown) return `"${detail}" is in the question and not in the match`;
  if (isKnown && !isAsked) return `"${detail}" is in the match and not in the question`;
  return `"${detail}" does not agree`;
}
