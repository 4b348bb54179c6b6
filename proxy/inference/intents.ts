/** The policy's intents fitted to the loaded model: example sentences in, a calibrated scorer out; built by snapshot-parts.ts. */
import { probability } from "../core/brand.ts";
import type { Intent } from "../core/policy.ts";
import type { IntentScorer, MatchAccount } from "../core/ports.ts";
import type { IntentScore } from "../core/signals.ts";
import { judged, type Calibration, type Judged } from "./calibration.ts";
import type { Fit } from "./fit-store.ts";
import { fitInThread } from "./fit-thread.ts";
import { Identifiers } from "./identifiers.ts";
import { Lexicon } from "./lexicon.ts";
import { accountOf } from "./match-account.ts";
import { Matcher, type Match, type SentenceClass } from "./matcher.ts";
import { flattened } from "./vectors.ts";

/** Embeds sentences in order. */
export type Embed = (texts: readonly string[]) => Promise<readonly Float32Array[]>;

/** A class of sentences: an intent's examples, or what it says it does not mean. */
interface IntentClass extends SentenceClass {
  readonly intent: string;
  readonly isMeant: boolean;
}

/** Null when there is nothing to fit: no intents, or a model without embeddings. */
export async function fitIntents(
  intents: readonly Intent[],
  embed: Embed,
  calibration: Calibration | null,
  fit: Fit = fitInThread,
): Promise<IntentScorer | null> {
  const classes = await classesOf(intents, embed);
  const width = classes[0]?.vectors[0]?.length ?? 0;
  if (width === 0) return null;
  const regression = classes.length < 2 ? null : await fit(examplesOf(classes, width));
  const lexicon = new Lexicon(calibration?.lexicon ?? { sentences: 1, groups: [] });
  const matcher = new Matcher(classes, lexicon, regression, () => false);
  return new FittedIntents(classes, matcher, calibration);
}

function plain(text: string): string {
  return text.trim().toLowerCase();
}

async function classesOf(intents: readonly Intent[], embed: Embed): Promise<IntentClass[]> {
  const meant = new Set(intents.flatMap(({ examples }) => examples.map(plain)));
  const drafts = intents.flatMap(({ name, examples, not }) => [
    { intent: name, isMeant: true, sentences: examples },
    // What another intent gives as an example is kept apart by that intent already.
    { intent: name, isMeant: false, sentences: not.filter((text) => !meant.has(plain(text))) },
  ]);
  const filled = drafts.filter(({ sentences }) => sentences.length > 0);
  const vectors = await embed(filled.flatMap(({ sentences }) => sentences));
  let from = 0;
  return filled.map((draft) => {
    const own = vectors.slice(from, from + draft.sentences.length);
    from += draft.sentences.length;
    return { ...draft, vectors: own };
  });
}

function examplesOf(
  classes: readonly IntentClass[],
  width: number,
): {
  vectors: Float32Array;
  width: number;
  labels: Int32Array;
  classes: number;
} {
  return {
    vectors: flattened(
      classes.flatMap(({ vectors }) => vectors),
      width,
    ),
    width,
    labels: Int32Array.from(classes.flatMap(({ vectors }, k) => vectors.map(() => k))),
    classes: classes.length,
  };
}

const unsure: Judged = { confidence: probability(0), wrong: probability(1) };
// A sentence of the policy's own, word for word: what is left is that its author erred.
const sure: Judged = { confidence: probability(0.995), wrong: probability(0.002) };

class FittedIntents implements IntentScorer {
  readonly #classes: readonly IntentClass[];
  readonly #identifiers: Identifiers;
  readonly #matcher: Matcher;
  readonly #calibration: Calibration | null;

  constructor(classes: readonly IntentClass[], matcher: Matcher, calibration: Calibration | null) {
    this.#classes = classes;
    this.#identifiers = new Identifiers(classes.flatMap(({ sentences }) => sentences));
    this.#matcher = matcher;
    this.#calibration = calibration;
  }

  score(text: string, embedding: Float32Array): IntentScore {
    const match = this.#matcher.match(this.#identifiers.asKnown(text), embedding);
    const found = match === null ? undefined : this.#classes[match.best];
    if (match === null || found === undefined) {
      return { label: this.#classes[0]?.intent ?? "", ...unsure, margin: 0, guard: false };
    }
    return {
      label: found.intent,
      ...(found.isMeant ? this.#judged(match) : unsure),
      margin: Math.min(1, Math.max(0, match.margin)),
      guard: match.objection !== null,
    };
  }

  account(text: string, embedding: Float32Array): MatchAccount | null {
    const known = this.#identifiers.asKnown(text);
    const match = this.#matcher.match(known, embedding);
    const found = match === null ? undefined : this.#classes[match.best];
    if (match === null || found === undefined) return null;
    const judgedMatch = found.isMeant ? this.#judged(match) : unsure;
    return accountOf(
      { text: known, embedding, match, classes: this.#classes, judged: judgedMatch },
      (at) => this.#classes[at]?.intent ?? "",
      found.isMeant,
    );
  }

  #judged(match: Match): Judged {
    if (match.isExact) return sure;
    // Without a calibration for this model nothing but the policy's own sentences is certain.
    return this.#calibration === null ? unsure : judged(this.#calibration.intents, match.features);
  }
}
