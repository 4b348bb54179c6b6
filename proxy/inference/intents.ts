/** The policy's intents fitted to the loaded model: example sentences in, a calibrated scorer out; built by snapshot-parts.ts. */
import type { Intent } from "../core/policy.ts";
import type { IntentScorer, MatchAccount } from "../core/ports.ts";
import { isEastAsian } from "../core/script.ts";
import type { IntentScore } from "../core/signals.ts";
import { judged, type Calibration, type Judged } from "./calibration.ts";
import { judgedByCharacters, sure, unsure } from "./certainty.ts";
import { CharacterMatcher, type CharacterMatch } from "./character-matcher.ts";
import type { Fit } from "./fit-store.ts";
import { fitInThread } from "./fit-thread.ts";
import { Identifiers } from "./identifiers.ts";
import { Lexicon } from "./lexicon.ts";
import { accountOf, accountOfFound } from "./match-account.ts";
import { Matcher, type Match, type SentenceClass } from "./matcher.ts";
import { flattened } from "./vectors.ts";

/** Embeds sentences in order. */
export type Embed = (texts: readonly string[]) => Promise<readonly Float32Array[]>;

/** An intent's examples, or what it says it does not mean. */
interface Draft {
  readonly intent: string;
  readonly isMeant: boolean;
  readonly sentences: readonly string[];
}

type IntentClass = Draft & SentenceClass;

/** Null when there is nothing to fit: no intents, or a model without embeddings. */
export async function fitIntents(
  intents: readonly Intent[],
  embed: Embed,
  calibration: Calibration | null,
  fit: Fit = fitInThread,
): Promise<IntentScorer | null> {
  const drafts = draftsOf(intents);
  // The embedding knows nothing of Japanese: its sentences would only disturb the others.
  const classes = await embedded(
    only(drafts, (text) => !isEastAsian(text)),
    embed,
  );
  const japanese = only(drafts, isEastAsian);
  const width = classes[0]?.vectors[0]?.length ?? 0;
  if (width === 0 && japanese.length === 0) return null;
  const matcher = width === 0 ? null : await matcherOf(classes, width, { calibration, fit });
  return new FittedIntents({ classes, matcher, japanese, calibration });
}

async function matcherOf(
  classes: readonly IntentClass[],
  width: number,
  { calibration, fit }: { readonly calibration: Calibration | null; readonly fit: Fit },
): Promise<Matcher> {
  const regression = classes.length < 2 ? null : await fit(examplesOf(classes, width));
  const lexicon = new Lexicon(calibration?.lexicon ?? { sentences: 1, groups: [] });
  return new Matcher(classes, lexicon, regression, () => false);
}

function plain(text: string): string {
  return text.trim().toLowerCase();
}

function draftsOf(intents: readonly Intent[]): readonly Draft[] {
  const meant = new Set(intents.flatMap(({ examples }) => examples.map(plain)));
  return intents.flatMap(({ name, examples, not }) => [
    { intent: name, isMeant: true, sentences: examples },
    // What another intent gives as an example is kept apart by that intent already.
    { intent: name, isMeant: false, sentences: not.filter((text) => !meant.has(plain(text))) },
  ]);
}

function only(drafts: readonly Draft[], isWanted: (text: string) => boolean): readonly Draft[] {
  return drafts
    .map((draft) => ({ ...draft, sentences: draft.sentences.filter(isWanted) }))
    .filter(({ sentences }) => sentences.length > 0);
}

async function embedded(drafts: readonly Draft[], embed: Embed): Promise<IntentClass[]> {
  const vectors = await embed(drafts.flatMap(({ sentences }) => sentences));
  let from = 0;
  return drafts.map((draft) => {
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

interface Fitted {
  readonly classes: readonly IntentClass[];
  /** Null when no example is in a language that the model may know. */
  readonly matcher: Matcher | null;
  readonly japanese: readonly Draft[];
  readonly calibration: Calibration | null;
}

class FittedIntents implements IntentScorer {
  readonly #fitted: Fitted;
  readonly #identifiers: Identifiers;
  readonly #characters: CharacterMatcher;
  readonly #japaneseIdentifiers: Identifiers;

  constructor(fitted: Fitted) {
    this.#fitted = fitted;
    this.#identifiers = new Identifiers(fitted.classes.flatMap(({ sentences }) => sentences));
    const japanese = fitted.japanese.map(({ sentences }) => sentences.map(spaced));
    this.#japaneseIdentifiers = new Identifiers(japanese.flat());
    this.#characters = new CharacterMatcher(japanese);
  }

  score(text: string, embedding: Float32Array): IntentScore {
    if (isEastAsian(text)) return this.#scoreCharacters(text) ?? this.#unknown();
    const { matcher, classes } = this.#fitted;
    const match = matcher?.match(this.#identifiers.asKnown(text), embedding) ?? null;
    const found = match === null ? undefined : classes[match.best];
    if (match === null || found === undefined) return this.#unknown();
    return {
      label: found.intent,
      ...(found.isMeant ? this.#judged(match) : unsure),
      margin: Math.min(1, Math.max(0, match.margin)),
      guard: match.objection !== null,
      by: "meaning",
    };
  }

  account(text: string, embedding: Float32Array): MatchAccount | null {
    if (isEastAsian(text)) return this.#accountCharacters(text);
    const { matcher, classes } = this.#fitted;
    const known = this.#identifiers.asKnown(text);
    const match = matcher?.match(known, embedding) ?? null;
    const found = match === null ? undefined : classes[match.best];
    if (match === null || found === undefined) return null;
    const judgedMatch = found.isMeant ? this.#judged(match) : unsure;
    const given = { text: known, embedding, match, classes, judged: judgedMatch };
    return accountOf(given, (at) => classes[at]?.intent ?? "", found.isMeant);
  }

  #accountCharacters(text: string): MatchAccount | null {
    const { match, found, certainty } = this.#byCharacters(text);
    if (match === null || found === null) return null;
    const { japanese } = this.#fitted;
    const given = { text, match, classes: japanese, judged: certainty };
    return accountOfFound(given, (at) => japanese[at]?.intent ?? "", found.isMeant);
  }

  /** Null when no sentence of the policy speaks of the text, which leaves it unread. */
  #scoreCharacters(text: string): IntentScore | null {
    const { match, found, certainty } = this.#byCharacters(text);
    if (match === null || found === null) return null;
    return {
      label: found.intent,
      ...certainty,
      margin: Math.min(1, Math.max(0, match.margin)),
      guard: match.objection !== null,
      by: "characters",
    };
  }

  #byCharacters(text: string): {
    readonly match: CharacterMatch | null;
    readonly found: Draft | null;
    readonly certainty: Judged;
  } {
    const { japanese, calibration } = this.#fitted;
    const match = this.#characters.match(this.#japaneseIdentifiers.asKnown(spaced(text)));
    const found = match === null ? null : (japanese[match.best] ?? null);
    const isMeant = match !== null && found?.isMeant === true;
    return { match, found, certainty: isMeant ? judgedByCharacters(match, calibration) : unsure };
  }

  #unknown(): IntentScore {
    const { classes, japanese } = this.#fitted;
    const label = (classes[0] ?? japanese[0])?.intent ?? "";
    return { label, ...unsure, margin: 0, guard: false, by: "meaning" };
  }

  #judged(match: Match): Judged {
    if (match.isExact) return sure;
    // Without a calibration for this model nothing but the policy's own sentences is certain.
    const { calibration } = this.#fitted;
    return calibration === null ? unsure : judged(calibration.intents, match.features);
  }
}

/** Blanks around what is written in Latin letters and digits, as an identifier has them in English. */
function spaced(text: string): string {
  const letter = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]`;
  const edge = new RegExp(`(?<=${letter})(?=[a-z\\d])|(?<=[a-z\\d])(?=${letter})`, "giu");
  return text.normalize("NFKC").replaceAll(edge, " ");
}
