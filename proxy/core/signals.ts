/** What was measured of a call before deciding: cheap signals always, the model's only when a route needs them. */
import type { Probability, Score } from "./brand.ts";
import type { ReasonCode } from "./reasons.ts";

/** A label with its calibrated probability. */
export interface Scored {
  readonly label: string;
  readonly confidence: Probability;
}

/** The policy's own intents, scored. */
export interface IntentScore extends Scored {
  /** Difference to the second-best intent, in [0, 1]. */
  readonly margin: number;
  /** Expected share of wrong answers among calls at least this sure; monotone in confidence. */
  readonly wrong: Probability;
  /** Set when the pair guard objects to every example of the intent. */
  readonly guard: boolean;
  /** How the text was compared with the policy's sentences: Japanese by its characters, which needs no model that reads it. */
  readonly by: "meaning" | "characters";
}

/** Everything one forward pass gave. */
export interface Classification {
  /** 384 floats, L2 norm 1. */
  readonly embedding: Float32Array;
  /** Softmax heads by name (task, sentiment): every label with its calibrated probability, best first. */
  readonly heads: ReadonlyMap<string, readonly Scored[]>;
  /** Sigmoid heads by name (emotion: many labels; injection, in_scope: one label of the head's name; difficulty: weak_wrong and strong_only). */
  readonly flags: ReadonlyMap<string, readonly Scored[]>;
  readonly tokens: number;
  /** Share of unknown tokens, in [0, 1]. */
  readonly unknownShare: number;
  /** Name of the artefact and variant that ran. */
  readonly model: string;
  /** SHA-256 of the artefact's manifest, which names every file's; of a hub model's files. */
  readonly modelHash?: string;
}

/** Read without a model. */
export interface CheapSignals {
  /** Each in [0, 1]. */
  readonly length: Score;
  readonly syntax: Score;
  readonly emotionWords: Score;
  readonly keywordScore: Score;
  /** Keyword groups that were hit. */
  readonly keywords: readonly string[];
  /** BCP 47 primary tag, or "und" when it could not be told. */
  readonly language: string;
  /** How sure the tag is; below 0.5 for "und". */
  readonly languageConfidence: Probability;
  readonly structure: {
    readonly hasCode: boolean;
    readonly numbers: number;
    readonly questions: number;
    readonly lines: number;
  };
  /** Number of user turns. */
  readonly turns: number;
  readonly characters: number;
}

/** Read off the classification. */
export interface ModelSignals {
  readonly task: Scored;
  /** `rule`: the text is nothing but a greeting in a language that the model does not read. */
  readonly taskBy: "model" | "rule";
  readonly sentiment: Scored | null;
  readonly emotion: Score;
  readonly uncertainty: Score;
  readonly injection: Probability | null;
  /** Probability that a small model would answer wrongly; null for a model without this head. */
  readonly difficulty: Probability | null;
  readonly inScope: Probability | null;
  /** Null when the policy names no intents. */
  readonly intent: IntentScore | null;
  /** Whether the model can read this text at all (script, unknown tokens). */
  readonly isReadable: boolean;
  /** Whether the text is written in kana and kanji, which are compared with the policy's own sentences by characters. */
  readonly isByCharacters: boolean;
}

/** Where the model's part stands. */
export type ModelPart =
  | { readonly kind: "unasked" }
  | {
      readonly kind: "known";
      readonly signals: ModelSignals;
      readonly classification: Classification;
    }
  | { readonly kind: "failed"; readonly reason: ReasonCode };

/** A part of the last turn with measures of its own. */
export interface TextPart {
  readonly text: string;
  readonly cheap: CheapSignals;
}

/** The signals of one call. */
export interface Signals {
  readonly cheap: CheapSignals;
  readonly model: ModelPart;
  /** Where a label call's text is only a part of the last turn: that part, which is then what the model reads. */
  readonly part?: TextPart | null;
}
