/** The table of signals; assemble.ts hands it to the layers, judge() and explain show every value of it. */
import { score, type Probability, type Score } from "../core/brand.ts";
import type { ComplexitySignal, Policy } from "../core/policy.ts";
import type { SignalReaders } from "../core/ports.ts";
import type { RequestView } from "../core/request.ts";
import type { CheapSignals, Signals } from "../core/signals.ts";
import { emotionWords } from "./emotion-words.ts";
import { keywords } from "./keywords.ts";
import { language } from "./language.ts";
import { length } from "./length.ts";
import { readModel } from "./model.ts";
import { lowered, searchable } from "./phrases.ts";
import type { CheapInput } from "./signal.ts";
import { structure } from "./structure.ts";
import { syntax } from "./syntax.ts";
import { turns } from "./turns.ts";

/** The folder as the layers see it. */
export const signalReaders: SignalReaders = { readCheap, readModel, complexityOf };

function readCheap(view: RequestView, policy: Policy): CheapSignals {
  const whole = weighedText(view).slice(0, policy.limits.inspectBytes);
  const text = sampleOf(whole);
  const input: CheapInput = { view, policy, whole, text, searchable: searchable(text) };
  const hit = keywords.read(input);
  const spoken = language.read(input);
  return {
    length: length.read(input),
    syntax: syntax.read(input),
    emotionWords: emotionWords.read(input),
    keywords: hit,
    keywordScore: score(hit.length > 0 ? 1 : 0),
    language: spoken.tag,
    languageConfidence: spoken.confidence,
    structure: structure.read(input),
    turns: turns.read(input),
    characters: view.text.length,
  };
}

/** Longer texts are measured by their first and last part, so that a huge prompt costs no more than a long one. */
const partLength = 8192;

function sampleOf(whole: string): string {
  if (whole.length <= 2 * partLength) return whole;
  return `${whole.slice(0, partLength)}\n${whole.slice(-partLength)}`;
}

/** An approval is short; its punctuation is taken off first. */
const longestApproval = 40;
const approval =
  /^(?:(?:yes|yep|yeah|yup|ok|okay|sure|fine|great|please|thanks|go on|go ahead|continue|proceed|do it|do that|please do|sounds good|next|more|and then|はい|お願いします|続けて|sí|si|claro|ja|gerne|weiter|oui|d'accord|continuez)(?: |$))+$/u;

/** A short approval asks for what an earlier turn was about, so it is as complex as that turn. */
function weighedText(view: RequestView): string {
  if (!isApproval(view.text)) return view.text;
  const before = view.turns
    .slice(0, -1)
    .findLast((turn) => turn.role === "user" && !isApproval(turn.text));
  return before?.text ?? view.text;
}

function isApproval(text: string): boolean {
  if (text.length > longestApproval) return false;
  const plain = lowered(text)
    .replaceAll(/[^\p{L}\p{M}\p{N}']+/gu, " ")
    .trim();
  return approval.test(plain);
}

/** Weighted mean of the signals that are known; without a model its signals weigh nothing. */
function complexityOf(signals: Signals, policy: Policy): Score {
  let sum = 0;
  let total = 0;
  for (const [name, weight] of policy.weights) {
    const value = partOf(name, signals);
    if (value === null) continue;
    sum += weight * value;
    total += weight;
  }
  return score(total === 0 ? 0 : sum / total);
}

function partOf(name: ComplexitySignal, { cheap, model }: Signals): Score | null {
  // What the model says of a text that it cannot read says nothing.
  const known = model.kind === "known" && model.signals.isReadable ? model.signals : null;
  switch (name) {
    case "length":
      return cheap.length;
    case "syntax":
      return cheap.syntax;
    case "keywords":
      return cheap.keywordScore;
    case "emotion":
      return score(Math.max(cheap.emotionWords, known?.emotion ?? 0));
    case "uncertainty":
      return known?.uncertainty ?? null;
    case "difficulty":
      return hardness(known?.difficulty ?? null);
  }
}

function hardness(difficulty: Probability | null): Score | null {
  return difficulty === null ? null : score(difficulty);
}
