/** Reads off a prompt which labels the application offers, and how it writes them; label-form.ts asks. */

import { bare, isForced, patternOf, wordsFor } from "../core/label-words.ts";
import type { LabelAnswer } from "../core/policy.ts";
import { isOffered, linesForeign, listsForeign, offerable } from "./label-foreign.ts";

/** The labels that are chosen among. */
export type Labels = Pick<LabelAnswer, "head" | "names">;

/** How the application writes a label of ours, or why that is not plain. */
export type Wording =
  | { readonly kind: "word"; readonly word: string }
  | { readonly kind: "unlisted" }
  /** The application lists labels, but not this one. */
  | { readonly kind: "not-offered" }
  /** The list holds a label that the model does not know. */
  | { readonly kind: "foreign" }
  /** The list is not plain, or has one label in two spellings. */
  | { readonly kind: "unclear" };

/** Words that make a label another one, e.g. "very positive". */
const graded =
  /(?<![\p{L}\d])(?:very|slightly|somewhat|strongly|mostly|extremely|mildly)[\s_-]+$/iu;

/** The wording of `label` among options that stand as a list, e.g. a schema's enumeration. */
export function wordingIn(options: readonly string[], labels: Labels, label: string): Wording {
  const allowed = offerable(wordsOf(labels), !isForced(labels.head));
  if (!options.every((option) => isOffered(option, allowed))) return { kind: "foreign" };
  const words = wordsFor(labels.head, label);
  const found = options.filter((option) => isOffered(option, words));
  if (found.length > 1) return { kind: "unclear" };
  return found[0] === undefined ? { kind: "not-offered" } : { kind: "word", word: found[0] };
}

/** Longer instructions say more than a list of labels; they are not read. */
const longestPrompt = 20_000;

/** The wording of `label` in a prompt's running text. */
export function wordingOf(labels: Labels, label: string, prompt: string): Wording {
  if (prompt.length > longestPrompt) return { kind: "unclear" };
  if (labels.head === "sentiment") return forcedWording(label, prompt);
  return namedWording(labels, label, prompt);
}

/** Every word that an application may use for one of the labels. */
export function wordsOf({ head, names }: Labels): readonly string[] {
  return names.flatMap((name) => wordsFor(head, name));
}

/** What stands between two labels of a list. */
const between = String.raw`["'\x60*)\]]*(?:\s*[,;|/\n•][\s•*-]*(?:\d+[.)]\s*)?(?:(?:or|and)\s+)?|\s+(?:or|and)\s+)["'\x60*(\[]*`;

/** The prompt without lists of these labels: where they are listed, they are no wish for what they mean. */
export function withoutList(prompt: string, labels: readonly string[]): string {
  if (labels.length < 2) return prompt;
  const names = labels.map(patternOf).join("|");
  const list = `(?<![\\p{L}\\d_])(?:${names})(?:${between}(?:${names}))+(?![\\p{L}\\d_])`;
  return prompt.replaceAll(new RegExp(list, "giu"), " ");
}

const sentiments = ["positive", "negative", "neutral"];

/** Of a head that always chooses: the list must offer nothing that the head cannot mean. */
function forcedWording(label: string, prompt: string): Wording {
  const known = sentiments.flatMap((name) => wordsFor("sentiment", name));
  if (linesForeign(prompt, known)) return { kind: "foreign" };
  const words = known.join("|");
  const found = [
    ...prompt.matchAll(new RegExp(`(?<![\\p{L}\\d])(?:${words})(?![\\p{L}\\d])`, "giu")),
  ];
  const spelled = new Set(found.map((match) => match[0]));
  const meant = new Set([...spelled].map(meaningOf));
  if (meant.size < 2) return { kind: "unlisted" };
  if (spelled.size !== meant.size) return { kind: "unclear" };
  if (!isPlain(prompt, found)) return { kind: "unclear" };
  const word = [...spelled].find((text) => meaningOf(text) === label);
  return word === undefined ? { kind: "not-offered" } : { kind: "word", word };
}

/** Whether the found labels make one list, ungraded, with nothing else in it. */
function isPlain(prompt: string, found: readonly RegExpExecArray[]): boolean {
  const start = found[0]?.index ?? 0;
  const last = found.at(-1);
  const end = last === undefined ? start : last.index + last[0].length;
  return (
    !found.some(({ index }) => graded.test(beforeIn(prompt, index))) &&
    isPureList(prompt.slice(start, end)) &&
    !goesOn(afterIn(prompt, end)) &&
    !beganBefore(beforeIn(prompt, start))
  );
}

/** How much of the text around a list may belong to it. */
const edgeLength = 100;

function beforeIn(prompt: string, at: number): string {
  return prompt.slice(Math.max(0, at - edgeLength), at);
}

function afterIn(prompt: string, at: number): string {
  return prompt.slice(at, at + edgeLength);
}

/** Whether nothing but known labels and what joins a list stands in `text`. */
function isPureList(text: string): boolean {
  // Numbers count lines; anywhere else they stand for the labels.
  const unnumbered = text.replaceAll(/\n\s*\d+[.)]\s/gu, "\n");
  const items = unnumbered.split(/[,;/|\n()[\]{}"'`*•.:-]|\s(?:or|and)\s|\s-\s/iu);
  return items.every((item) => {
    const word = item.trim().replace(/^(?:or|and)\s+/iu, "");
    return word === "" || meaningOf(word) !== null;
  });
}

/** Whether a list goes on with a word after its last known label; "and nothing else" does not. */
function goesOn(rest: string): boolean {
  return /^["'`\])]*\s*(?:[,/|]\s*(?:or\s+|and\s+)?|or\s+|and\s+)["'`]?(?!nothing|no\s|only|do\s|with)\p{L}/iu.test(
    rest,
  );
}

/** Whether a list began with a word before its first known label; "one word, " did not. */
function beganBefore(text: string): boolean {
  const match = /(\p{L}+)["'`]?(?:\s*[,/|]|\s+(?:or|and))\s*["'`]?$/iu.exec(text);
  return (
    match !== null &&
    !/^(?:word|only|either|sentiment|label|text|following|is)$/iu.test(match[1] ?? "")
  );
}

/** Of named labels: the label must stand in the prompt as it is named, and its list must hold no other. */
function namedWording(labels: Labels, label: string, prompt: string): Wording {
  // A language's tag may be any short word of running text; its name is not.
  const [name = label] = wordsFor(labels.head, label);
  const pattern = `(?<![\\p{L}\\d_])${patternOf(name)}(?![\\p{L}\\d_])`;
  const found = prompt.matchAll(new RegExp(pattern, "giu"));
  const spelled = [...new Set([...found].map((match) => match[0]))];
  const names = labels.names.map((each) => wordsFor(labels.head, each)[0] ?? each);
  if (listsForeign(prompt, offerable(names, !isForced(labels.head)))) return { kind: "foreign" };
  if (spelled[0] === undefined)
    return { kind: isListed(prompt, names) ? "not-offered" : "unlisted" };
  return spelled.length === 1 ? { kind: "word", word: spelled[0] } : { kind: "unclear" };
}

/** Whether two or more of the labels stand in the prompt. */
function isListed(prompt: string, names: readonly string[]): boolean {
  const pattern = new RegExp(
    `(?<![\\p{L}\\d_])(?:${names.map(patternOf).join("|")})(?![\\p{L}\\d_])`,
    "giu",
  );
  return new Set([...prompt.matchAll(pattern)].map(([word]) => bare(word))).size > 1;
}

function meaningOf(word: string): string | null {
  const isMeant = (name: string): boolean =>
    wordsFor("sentiment", name).some((each) => bare(each) === bare(word));
  return sentiments.find(isMeant) ?? null;
}
