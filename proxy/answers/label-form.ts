/** Gives a label the form that the application asked for: its own word, a JSON object, or its own schema. */
import type { LabelAnswer } from "../core/policy.ts";
import type { RequestView } from "../core/request.ts";
import type { LabelCall } from "../wire/label-call.ts";
import { shownBy } from "./label-examples.ts";
import { withoutList, wordingOf, wordsOf, type Wording } from "./label-options.ts";
import { inSchema } from "./label-schema.ts";
import { noWord, unknownForm, type Formed } from "./label-wording.ts";
import { partOnly, wantsElse, wantsMore, wantsWayOut, wishesOf } from "./label-wishes.ts";

/** What a form is found for. */
export interface Labelled {
  readonly spec: LabelAnswer;
  readonly view: RequestView;
  readonly call: LabelCall;
  readonly label: string;
}

const longestInstructions = 20_000;

/** The label in the form that the policy states, else that the call's schema, examples or prompt state. */
export function labelText(given: Labelled): Formed {
  const { spec, view, call, label } = given;
  const words = [...wordsOf(spec), ...spec.labels.values()];
  if (isBatch(withoutList(call.turn, words))) return unknownForm;
  // Longer instructions are not read, and what they hold could be about the labels.
  if (call.instructions.length > longestInstructions) return unknownForm;
  const wishes = withoutList(wishesOf(call.instructions), words);
  if (spec.labels.size === 0 && wantsWayOut(spec.head, wishes)) {
    return { kind: "decline", reason: "label_foreign" };
  }
  if (view.format.kind === "json_schema") {
    return inSchema(view.format.schema, spec, label, spec.labels.get(label) ?? null);
  }
  if (call.examples.length > 0) return inExamples(given, wishes);
  return view.format.kind === "json_object" ? inObject(given) : inText(given, words);
}

/** As the examples show it, unless the instructions ask for more than they show. */
function inExamples({ spec, view, call, label }: Labelled, wishes: string): Formed {
  const shown = shownBy(spec, call, label);
  if (shown === null || wantsMore(wishes) || partOnly.test(wishes)) return unknownForm;
  if (shown.wording.kind !== "word") return noWord(shown.wording);
  const { word } = shown.wording;
  const text = `${shown.before}${word}${shown.after}`;
  const isStated = spec.format === null || spec.format.replaceAll("{label}", () => word) === text;
  if (!isStated) return unknownForm;
  return view.format.kind === "json_object" && !isJsonObject(text)
    ? { kind: "decline", reason: "format_unsatisfied" }
    : { kind: "text", text };
}

function wordOf({ spec, call, label }: Labelled): Wording {
  const stated = spec.labels.get(label);
  if (stated !== undefined) return { kind: "word", word: stated };
  // A policy that lists words for other labels leaves this one out on purpose.
  if (spec.labels.size > 0) return { kind: "not-offered" };
  const code = codeOf(spec, call, label);
  if (code !== null) return code;
  const wording = wordingOf(spec, label, call.instructions);
  if (wording.kind === "unlisted" && spec.format !== null) return { kind: "word", word: label };
  return wording;
}

const codeAsked =
  /\b(?:iso(?:[ -]?639(?:-1)?)?|(?:two|2)[ -]letter)\s+(?:iso\s+|language\s+|639-1\s+)*codes?\b/giu;

/** Languages have codes that need no list. */
function codeOf(spec: LabelAnswer, call: LabelCall, label: string): Wording | null {
  if (spec.head !== "language" || call.instructions.search(codeAsked) < 0) return null;
  return label.length === 2 ? { kind: "word", word: label } : { kind: "unclear" };
}

/** How several texts in one turn begin: each would want a label of its own. */
const itemStart =
  /(?:^|\n)\s*(?:[[(]?\d+[\])}.:]|[-*•]\s|(?:review|text|item|message|tweet|comment|ticket|e-?mail|input)\s*#?\d*\s*:)|\[\d+\]/giu;

function isBatch(text: string): boolean {
  return [...text.matchAll(itemStart)].length > 1;
}

function inText(given: Labelled, words: readonly string[]): Formed {
  const { spec, call } = given;
  const wording = wordOf(given);
  if (wording.kind !== "word") return noWord(wording);
  if (spec.format !== null) return formatted(spec.format, wording.word);
  const asked = spec.head === "language" ? call.instructions.replaceAll(codeAsked, " ") : null;
  const prompt = wishesOf(asked ?? call.instructions);
  if (/json/iu.test(prompt)) return keyed(prompt, wording.word);
  if (isLabelled(prompt, wording.word)) return unknownForm;
  if (wantsElse(withoutList(prompt, words), wording.word)) return unknownForm;
  const isBare = spec.labels.size > 0 || asksForWord(prompt);
  return isBare ? { kind: "text", text: wording.word } : unknownForm;
}

function inObject(given: Labelled): Formed {
  const { spec, call } = given;
  const wording = wordOf(given);
  if (wording.kind !== "word") return noWord(wording);
  if (spec.format === null) return keyed(call.instructions, wording.word);
  const made = formatted(spec.format, wording.word);
  return made.kind === "text" && isJsonObject(made.text)
    ? made
    : { kind: "decline", reason: "format_unsatisfied" };
}

function formatted(format: string, word: string): Formed {
  return { kind: "text", text: format.replaceAll("{label}", () => word) };
}

/** An object with the one key that the prompt shows; with several keys, a list or nesting the form is not plain. */
function keyed(prompt: string, word: string): Formed {
  if (/["'`]\s*:\s*[[{]|\barrays?\b|\blist of\b|^\s*\[/iu.test(prompt)) return unknownForm;
  const keys = new Set([...prompt.matchAll(/["'`](\w+)["'`]\s*:/gu)].map((match) => match[1]));
  const [key] = keys;
  if (keys.size !== 1 || key === undefined) return unknownForm;
  return { kind: "text", text: JSON.stringify({ [key]: word }) };
}

/** Whether the list stands inside quotes after a caption, as in "Sentiment: positive|negative". */
function isLabelled(prompt: string, word: string): boolean {
  const at = prompt.indexOf(word);
  return /(?<!\p{L})["'`“][^"'`”\n]{0,60}:\s*[^"'`”\n]{0,60}$/u.test(
    prompt.slice(Math.max(0, at - 140), at),
  );
}

/** Whether the application says that the reply is the label alone. */
function asksForWord(prompt: string): boolean {
  return /\b(?:one|single)\s+(?:word|label)|\b(?:only|exactly|just)\b|\bone of\b|\b(?:reply|respond|answer|return|output|classify\b.{0,80}\bas)\b/iu.test(
    prompt,
  );
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
