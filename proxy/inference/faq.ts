/** A FAQ's questions as an index: the best entry, or why none; built by snapshot-parts.ts. */
import { probability } from "../core/brand.ts";
import type { Faq, FaqEntry } from "../core/policy.ts";
import type { FaqIndex, FaqMatch, MatchAccount } from "../core/ports.ts";
import { judged, type Calibration, type Judged } from "./calibration.ts";
import { distinguishingWords } from "./faq-names.ts";
import type { Embed } from "./intents.ts";
import { Lexicon } from "./lexicon.ts";
import { accountOf } from "./match-account.ts";
import { Matcher, type Match, type SentenceClass } from "./matcher.ts";

/** Entries with one answer; each sentence knows its entry. */
interface AnswerClass extends SentenceClass {
  readonly entries: readonly FaqEntry[];
  readonly answer: string;
}

// The share wrong that an index allows when the policy names none.
const defaultWrong = 0.005;
// Only reasons depend on these, no answer does: what a person would call similar, and close to a second.
const similar = 0.7;
const narrow = 0.05;

/** Embeds every variant of every question; thousands of entries are scanned in a few milliseconds. */
export async function indexFaq(
  faq: Faq,
  embed: Embed,
  calibration: Calibration | null,
): Promise<FaqIndex> {
  const drafts = byAnswer(faq.entries);
  const sentences = drafts.flatMap((draft) => draft.sentences);
  const vectors = await embed(sentences);
  let from = 0;
  const classes = drafts.map((draft) => {
    const own = vectors.slice(from, from + draft.sentences.length);
    from += draft.sentences.length;
    return { ...draft, vectors: own };
  });
  const lexicon = new Lexicon(calibration?.lexicon ?? { sentences: 1, groups: [] });
  const names = distinguishingWords(
    classes.map((one) => one.sentences),
    lexicon,
  );
  const matcher = new Matcher(classes, lexicon, null, (word) => names.has(word));
  return new ScannedFaq(classes, matcher, calibration);
}

/** Entries whose answers are the same cannot be confused to anyone's harm. */
function byAnswer(entries: readonly FaqEntry[]): Omit<AnswerClass, "vectors">[] {
  const groups = Map.groupBy(entries, ({ answer }) => answer);
  return [...groups].map(([answer, group]) => {
    const said = group.flatMap((entry) => entry.questions.map((question) => ({ entry, question })));
    return {
      answer,
      entries: said.map(({ entry }) => entry),
      sentences: said.map(({ question }) => question),
    };
  });
}

class ScannedFaq implements FaqIndex {
  readonly #classes: readonly AnswerClass[];
  readonly #matcher: Matcher;
  readonly #calibration: Calibration | null;

  constructor(classes: readonly AnswerClass[], matcher: Matcher, calibration: Calibration | null) {
    this.#classes = classes;
    this.#matcher = matcher;
    this.#calibration = calibration;
  }

  match(text: string, embedding: Float32Array, maxWrong: number | null): FaqMatch {
    const match = this.#matcher.match(text, embedding);
    const found = match === null ? undefined : this.#classes[match.best];
    if (match === null || found === undefined) {
      return { kind: "none", reason: "faq_no_match", confidence: probability(0) };
    }
    const { confidence, wrong } = this.#judged(match);
    const reason = reasonAgainst(match, wrong <= (maxWrong ?? defaultWrong));
    if (reason !== null) return { kind: "none", reason, confidence };
    const id = found.entries[match.sentence]?.id ?? "";
    return { kind: "match", id, answer: found.answer, confidence, wrong };
  }

  account(text: string, embedding: Float32Array): MatchAccount | null {
    const match = this.#matcher.match(text, embedding);
    if (match === null) return null;
    return accountOf(
      { text, embedding, match, classes: this.#classes, judged: this.#judged(match) },
      (at, sentence) => this.#classes[at]?.entries[sentence]?.id ?? "",
      true,
    );
  }

  #judged(match: Match): Judged {
    if (match.isExact) return { confidence: probability(0.995), wrong: probability(0.002) };
    if (this.#calibration === null) return { confidence: probability(0), wrong: probability(1) };
    return judged(this.#calibration.faq, match.features);
  }
}

function reasonAgainst(
  match: Match,
  isSure: boolean,
): Extract<FaqMatch, { kind: "none" }>["reason"] | null {
  const isSimilar = match.similarity >= similar;
  if (match.objection !== null && (isSure || isSimilar)) return "guard_mismatch";
  if (isSure) return null;
  return isSimilar && match.margin < narrow ? "faq_ambiguous" : "faq_no_match";
}
