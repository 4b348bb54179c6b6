/** Gives a label the form that the application asked for: its own word, a JSON object, or its own schema. */
import type { Said } from "../core/ports.ts";
import type { LabelAnswer } from "../core/policy.ts";
import type { RequestView } from "../core/request.ts";
import { withoutList, wordingOf, type Wording } from "./label-options.ts";
import { inSchema } from "./label-schema.ts";

/** The reply's text, or why it is not plain what it should be. */
export type Formed =
  | { readonly kind: "text"; readonly text: string }
  | Extract<Said, { kind: "decline" }>;

/** The label in the form that the policy states, else that the call's schema or prompt states; `names` are all labels. */
export function labelText(
  spec: LabelAnswer,
  view: RequestView,
  label: string,
  names: readonly string[],
): Formed {
  const stated = spec.labels.get(label) ?? null;
  const words = [...names, ...spec.labels.values()];
  if (isBatch(withoutList(view.text, words))) return unknownForm;
  switch (view.format.kind) {
    case "json_schema":
      return inSchema(view.format.schema, label, stated);
    case "json_object":
      return inObject(spec, view, label);
    case "text":
      return inText(spec, view, label, words);
  }
}

const unknownForm: Formed = { kind: "decline", reason: "label_format_unknown" };
const notOffered: Formed = { kind: "decline", reason: "label_not_offered" };

function promptOf(view: RequestView): string {
  return `${view.system ?? ""}\n${view.text}`;
}

/** Instructions come from the system prompt; the user's text is read only when there is none. */
function instructionsOf(view: RequestView): string {
  return view.system ?? view.text;
}

function wordOf(spec: LabelAnswer, view: RequestView, label: string): Wording {
  const stated = spec.labels.get(label);
  if (stated !== undefined) return { kind: "word", word: stated };
  // A policy that lists words for other labels leaves this one out on purpose.
  if (spec.labels.size > 0) return { kind: "not-offered" };
  const wording = wordingOf(label, instructionsOf(view));
  if (wording.kind === "unlisted" && spec.format !== null) return { kind: "word", word: label };
  return wording;
}

/** How several texts in one turn begin: each would want a label of its own. */
const itemStart =
  /(?:^|\n)\s*(?:[[(]?\d+[\])}.:]|[-*•]\s|(?:review|text|item|message|tweet|comment|ticket|e-?mail|input)\s*#?\d*\s*:)|\[\d+\]/giu;

function isBatch(text: string): boolean {
  return [...text.matchAll(itemStart)].length > 1;
}

function inText(
  spec: LabelAnswer,
  view: RequestView,
  label: string,
  words: readonly string[],
): Formed {
  const wording = wordOf(spec, view, label);
  if (wording.kind === "not-offered") return notOffered;
  if (wording.kind !== "word") return unknownForm;
  if (spec.format !== null) return formatted(spec.format, wording.word);
  const prompt = wishesOf(instructionsOf(view));
  if (/json/iu.test(prompt)) return keyed(prompt, wording.word);
  if (isLabelled(prompt, wording.word)) return unknownForm;
  if (wantsElse(withoutList(prompt, words), wording.word)) return unknownForm;
  const isBare = spec.labels.size > 0 || asksForWord(prompt);
  return isBare ? { kind: "text", text: wording.word } : unknownForm;
}

function inObject(spec: LabelAnswer, view: RequestView, label: string): Formed {
  const wording = wordOf(spec, view, label);
  if (wording.kind === "not-offered") return notOffered;
  if (wording.kind !== "word") return unknownForm;
  if (spec.format === null) return keyed(promptOf(view), wording.word);
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

/** What the application asks for, without what it forbids: "no explanation" asks for none. */
function wishesOf(prompt: string): string {
  return prompt.replaceAll(
    /\b(?:no|without|do not|don['’]t|never|nothing|avoid)\b[^.;:!?\n]{0,100}/giu,
    " ",
  );
}

function wantsElse(wishes: string, word: string): boolean {
  return wantsMore(wishes) || partOnly.test(wishes) || wantsOtherForm(wishes, word);
}

/** Whether the application wants more than the label. */
function wantsMore(prompt: string): boolean {
  return /\b(?:explain|explanation|why|reason|reasoning|justif\w+|scores?|confidence|rating|rate\b[^.\n]{0,60}\d|percent\w*|probabilit\w+|summar\w+|each|every|both|also|translat\w+|then|followed by|add|include|emojis?|sentences?|paragraphs?)\b/iu.test(
    prompt,
  );
}

/** Words that ask for something else than how the text as a whole sounds. */
const partOnly =
  /\b(?:towards?|regarding|concerning|with (?:regard|respect) to|focus\w*|aspects?|points? of view|viewpoint|perspective)\b/iu;

/** Words that ask for the label in a form of its own: a number for it, a letter, marks around it, another language. */
const otherForm =
  /\b(?:numbers?|numeric\w*|numerals?|digits?|integers?|index|indices|codes?|letters?|initials?|abbreviat\w+|capitali[sz]\w*|symbols?|xml|html|tags?|yaml|csv|markdown|bold|asterisks?|prefix\w*|suffix\w*|period|full stop|format|form|template|begin(?:s|ning)? with|start(?:s|ing)? with|end(?:s|ing)? with|twice|times|spanish|french|german|italian|portuguese|dutch|japanese|chinese|korean|russian|arabic|hindi)\b|<\/?\w+>|\{\w+\}|\[\w+\]/iu;

function wantsOtherForm(prompt: string, word: string): boolean {
  if (otherForm.test(prompt)) return true;
  const wantsUpper = /\b(?:upper-?\s?case|all caps|capitals?)\b/iu.test(prompt);
  const wantsLower = /\blower-?\s?case\b/iu.test(prompt);
  return (wantsUpper && word !== word.toUpperCase()) || (wantsLower && word !== word.toLowerCase());
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
