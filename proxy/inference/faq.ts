/** A FAQ's questions as an index: the best entry, or why none; built by snapshot-parts.ts. */
import type { Faq, FaqEntry } from "../core/policy.ts";
import type { FaqIndex, FaqMatch, MatchAccount } from "../core/ports.ts";
import { hasKana, isEastAsian } from "../core/script.ts";
import { judged, type Calibration, type Judged } from "./calibration.ts";
import { judgedByCharacters, sure, unsure } from "./certainty.ts";
import { CharacterMatcher } from "./character-matcher.ts";
import { distinguishingWords } from "./faq-names.ts";
import type { Embed } from "./intents.ts";
import { Lexicon } from "./lexicon.ts";
import { accountOf, accountOfFound } from "./match-account.ts";
import { Matcher, type Match, type SentenceClass } from "./matcher.ts";

/** Entries with one answer; each sentence knows its entry. */
interface AnswerGroup {
  readonly sentences: readonly string[];
  readonly entries: readonly FaqEntry[];
  readonly answer: string;
}

type AnswerClass = AnswerGroup & SentenceClass;

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
  const drafts = byAnswer(faq.entries, (text) => !isEastAsian(text));
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
  return new ScannedFaq({ classes, matcher, calibration }, byAnswer(faq.entries, isEastAsian));
}

/** Entries whose answers are the same cannot be confused to anyone's harm. */
function byAnswer(
  entries: readonly FaqEntry[],
  isWanted: (question: string) => boolean,
): readonly AnswerGroup[] {
  const groups = Map.groupBy(entries, ({ answer }) => answer);
  return [...groups].flatMap(([answer, group]) => {
    const said = group.flatMap((entry) =>
      entry.questions.filter(isWanted).map((question) => ({ entry, question })),
    );
    if (said.length === 0) return [];
    const sentences = said.map(({ question }) => question);
    return [{ answer, entries: said.map(({ entry }) => entry), sentences }];
  });
}

interface Scan {
  readonly classes: readonly AnswerClass[];
  readonly matcher: Matcher;
  readonly calibration: Calibration | null;
}

/** What matches of either way have in common. */
type Found = Pick<Match, "best" | "sentence" | "similarity" | "margin" | "objection">;

class ScannedFaq implements FaqIndex {
  readonly #scan: Scan;
  readonly #japanese: readonly AnswerGroup[];
  readonly #characters: CharacterMatcher;

  constructor(scan: Scan, japanese: readonly AnswerGroup[]) {
    this.#scan = scan;
    this.#japanese = japanese;
    this.#characters = new CharacterMatcher(japanese.map(({ sentences }) => sentences));
  }

  match(text: string, embedding: Float32Array, maxWrong: number | null): FaqMatch {
    const most = maxWrong ?? defaultWrong;
    if (isEastAsian(text)) return this.#matchCharacters(text, most);
    const { matcher, classes } = this.#scan;
    const match = matcher.match(text, embedding);
    if (match === null) return none("faq_no_match");
    return settled(match, this.#judged(match), classes, most);
  }

  #matchCharacters(text: string, most: number): FaqMatch {
    const match = this.#characters.match(text);
    if (match !== null) {
      const { calibration } = this.#scan;
      return settled(match, judgedByCharacters(match, calibration), this.#japanese, most);
    }
    const isRead = this.#japanese.length > 0 && hasKana(text);
    return none(isRead ? "faq_no_match" : "language_unknown");
  }

  account(text: string, embedding: Float32Array): MatchAccount | null {
    if (isEastAsian(text)) return this.#accountCharacters(text);
    const { matcher, classes } = this.#scan;
    const match = matcher.match(text, embedding);
    if (match === null) return null;
    const given = { text, embedding, match, classes, judged: this.#judged(match) };
    return accountOf(given, entryIn(classes), true);
  }

  #accountCharacters(text: string): MatchAccount | null {
    const match = this.#characters.match(text);
    if (match === null) return null;
    const judgedMatch = judgedByCharacters(match, this.#scan.calibration);
    const given = { text, match, classes: this.#japanese, judged: judgedMatch };
    return accountOfFound(given, entryIn(this.#japanese), true);
  }

  #judged(match: Match): Judged {
    if (match.isExact) return sure;
    const { calibration } = this.#scan;
    return calibration === null ? unsure : judged(calibration.faq, match.features);
  }
}

function entryIn(groups: readonly AnswerGroup[]): (at: number, sentence: number) => string {
  return (at, sentence) => groups[at]?.entries[sentence]?.id ?? "";
}

type Reason = Extract<FaqMatch, { kind: "none" }>["reason"];

function none(reason: Reason): FaqMatch {
  return { kind: "none", reason, confidence: unsure.confidence };
}

function settled(
  match: Found,
  { confidence, wrong }: Judged,
  groups: readonly AnswerGroup[],
  most: number,
): FaqMatch {
  const found = groups[match.best];
  if (found === undefined) return none("faq_no_match");
  const reason = reasonAgainst(match, wrong <= most);
  if (reason !== null) return { kind: "none", reason, confidence };
  const id = found.entries[match.sentence]?.id ?? "";
  return { kind: "match", id, answer: found.answer, confidence, wrong };
}

function reasonAgainst(match: Found, isSure: boolean): Reason | null {
  const isSimilar = match.similarity >= similar;
  if (match.objection !== null && (isSure || isSimilar)) return "guard_mismatch";
  if (isSure) return null;
  return isSimilar && match.margin < narrow ? "faq_ambiguous" : "faq_no_match";
}
