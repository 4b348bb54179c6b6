/** The form of a label as the call's own examples show it: the same frame, the same words; label-form.ts asks. */
import type { LabelAnswer } from "../core/policy.ts";
import type { LabelCall, LabelExample } from "../wire/label-call.ts";
import { wordingOf, type Wording } from "./label-options.ts";

/** A word within the frame that every example has. */
export interface Shown {
  readonly wording: Wording;
  readonly before: string;
  readonly after: string;
}

/** Null where the examples do not agree on one frame and one word a label. */
export function shownBy(spec: LabelAnswer, call: LabelCall, label: string): Shown | null {
  const [first, ...others] = call.examples;
  if (first === undefined) return null;
  const { before, after } = first;
  if (others.some((one) => one.before !== before || one.after !== after)) return null;
  const words = wordsBy(call.examples);
  if (words === null) return null;
  const shown = words.get(label);
  const wording: Wording =
    shown === undefined ? unshown(spec, call, label, words) : { kind: "word", word: shown };
  return { wording, before, after };
}

/** The labels that examples show for the same text. */
export function shownFor(call: LabelCall): ReadonlySet<string> {
  const own = comparable(call.text ?? "");
  const same = call.examples.filter(({ text }) => comparable(text) === own);
  return new Set(same.map(({ label }) => label));
}

function comparable(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

function wordsBy(examples: readonly LabelExample[]): ReadonlyMap<string, string> | null {
  const words = new Map<string, string>();
  for (const { label, word } of examples) {
    if ((words.get(label) ?? word) !== word) return null;
    words.set(label, word);
  }
  return words;
}

/** A label that no example shows may be listed in the instructions, if they write the shown ones as they are shown. */
function unshown(
  spec: LabelAnswer,
  { instructions }: LabelCall,
  label: string,
  words: ReadonlyMap<string, string>,
): Wording {
  const isSame = [...words].every(([other, word]) => {
    const listed = wordingOf(spec, other, instructions);
    return listed.kind === "word" && listed.word === word;
  });
  return isSame ? wordingOf(spec, label, instructions) : { kind: "not-offered" };
}
