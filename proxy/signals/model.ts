/** Reads the model's signals off one forward pass: task, sentiment, emotion, uncertainty, injection, scope, difficulty, intent. */
import { probability, score, type Probability, type Score } from "../core/brand.ts";
import type { SignalContext } from "../core/ports.ts";
import { isEastAsian } from "../core/script.ts";
import type { Classification, ModelSignals, Scored } from "../core/signals.ts";
import { isGreeting, isNothingButGreeting } from "./greeting.ts";

/** Above this share of unknown tokens the model has not seen the text. */
const unknownLimit = 0.2;

/** Languages whose texts the model was trained on; `und` is for words without a clear language. */
const trainedLanguages: ReadonlySet<string> = new Set(["en", "und"]);

/** Feelings that make a call harder; gratitude and joy do not. */
const hardFeelings: ReadonlySet<string> = new Set([
  "anger",
  "annoyance",
  "disappointment",
  "fear",
  "sadness",
  "confusion",
]);

/** A greeting by its words alone: what is left is that a word of greeting is meant otherwise. */
const greeted: Scored = { label: "greeting", confidence: probability(0.995) };

const noTask: Scored = { label: "other", confidence: probability(0) };

/** The model's part of a call's signals. */
export function readModel(given: Classification, context: SignalContext): ModelSignals {
  const readable = isReadable(given, context);
  return {
    ...taskOf(given, context.text, readable),
    sentiment: given.heads.get("sentiment")?.[0] ?? null,
    emotion: emotionOf(given.flags.get("emotion") ?? []),
    uncertainty: uncertaintyOf(given.heads.get("task") ?? []),
    injection: flagOf(given, "injection"),
    inScope: flagOf(given, "in_scope"),
    difficulty: flagOf(given, "difficulty", "weak_wrong"),
    intent: context.intents?.score(context.text, given.embedding) ?? null,
    isReadable: readable,
    isByCharacters: isEastAsian(context.text),
  };
}

function taskOf(
  given: Classification,
  text: string,
  readable: boolean,
): Pick<ModelSignals, "task" | "taskBy"> {
  if (!readable && isNothingButGreeting(text)) return { task: greeted, taskBy: "rule" };
  return { task: believed(given.heads.get("task")?.[0] ?? noTask, text), taskBy: "model" };
}

/** What the model may still claim of a greeting that no word of the text bears out. */
const doubted = probability(0.5);

/** Short texts of every kind look like greetings to the model, and a greeting in reply to them is wrong. */
function believed(task: Scored, text: string): Scored {
  if (task.label !== "greeting" || isGreeting(text)) return task;
  return { label: task.label, confidence: probability(Math.min(task.confidence, doubted)) };
}

function isReadable(given: Classification, context: SignalContext): boolean {
  const { language } = context.cheap;
  if (given.unknownShare > unknownLimit || !trainedLanguages.has(language)) return false;
  // A few Chinese characters have no clear language, and none that the model reads.
  if (isEastAsian(context.text)) return false;
  return language !== "und" || isShort(context.text);
}

/** A few words may well be of no clear language; a sentence without one English word is not English. */
function isShort(text: string): boolean {
  return text.length <= 200 && text.trim().split(/\s+/).length <= 7;
}

/** The probability of one label of a head; of its first where the head has but one. */
function flagOf(given: Classification, name: string, label?: string): Probability | null {
  const scored = given.flags.get(name) ?? [];
  const found = label === undefined ? scored[0] : scored.find((one) => one.label === label);
  return found?.confidence ?? null;
}

function emotionOf(felt: readonly Scored[]): Score {
  const hard = felt.filter(({ label }) => hardFeelings.has(label));
  return score(Math.max(0, ...hard.map(({ confidence }) => confidence)));
}

/** Entropy of the task, in [0, 1]: 0 when one label is certain, 1 when all are alike. */
function uncertaintyOf(scored: readonly Scored[]): Score {
  if (scored.length < 2) return score(1);
  let entropy = 0;
  for (const { confidence } of scored) {
    if (confidence > 0) entropy -= confidence * Math.log(confidence);
  }
  return score(entropy / Math.log(scored.length));
}
