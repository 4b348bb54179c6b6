/** The table of signals; assemble.ts hands it to the layers, judge() and explain show every value of it. */
import { score, type Score } from "../core/brand.ts";
import type { ComplexitySignal, Policy } from "../core/policy.ts";
import type { SignalReaders } from "../core/ports.ts";
import type { RequestView } from "../core/request.ts";
import type { CheapSignals, Signals } from "../core/signals.ts";
import { emotionWords } from "./emotion-words.ts";
import { keywords } from "./keywords.ts";
import { language } from "./language.ts";
import { length } from "./length.ts";
import { readModel } from "./model.ts";
import { searchable } from "./phrases.ts";
import type { CheapInput } from "./signal.ts";
import { structure } from "./structure.ts";
import { syntax } from "./syntax.ts";
import { turns } from "./turns.ts";

/** The folder as the layers see it. */
export const signalReaders: SignalReaders = { readCheap, readModel, complexityOf };

function readCheap(view: RequestView, policy: Policy): CheapSignals {
  const text = weighedText(view).slice(0, policy.limits.inspectBytes);
  const input: CheapInput = { view, policy, text, searchable: searchable(text) };
  const hit = keywords.read(input);
  return {
    length: length.read(input),
    syntax: syntax.read(input),
    emotionWords: emotionWords.read(input),
    keywords: hit,
    keywordScore: score(hit.length > 0 ? 1 : 0),
    language: language.read(input),
    structure: structure.read(input),
    turns: turns.read(input),
    characters: view.text.length,
  };
}

const approval =
  /^\W*(?:yes|yep|yeah|ok|okay|sure|go on|go ahead|continue|do it|please do|next|more|and then|はい|お願いします|続けて|sí|ja|oui)\W*$/iu;

/** A short approval asks for what the turn before was about, so it is as complex as that turn. */
function weighedText(view: RequestView): string {
  if (!approval.test(view.text)) return view.text;
  const before = view.turns.slice(0, -1).findLast((turn) => turn.role === "user");
  return before?.text ?? view.text;
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
  const known = model.kind === "known" ? model.signals : null;
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
  }
}
