/** Finds labels that an application offers and nobody here can give: where there is one, any text might be of it; label-options.ts asks. */
import { bare, patternOf } from "../core/label-words.ts";

/** What applications offer for a text that none of their labels fits. */
const escapes = [
  "other",
  "others",
  "none",
  "none of the above",
  "unknown",
  "out of scope",
  "miscellaneous",
  "misc",
  "n/a",
];

/** What may stand beside a list without being of it. */
const asides =
  "nothing|no|only|do|with|without|reply|respond|answer|return|output|based|depending|please|then|if|when|as|is|one|word|label|labels|intent|intents|category|categories|queue|class|either|following|text|language|sentiment|just|exactly|the|a|an|in|and|or|of|for|to";

/** The labels that a list may hold: those that can be given, and a way out where whoever gives them knows when none fits. */
export function offerable(names: readonly string[], knowsNone: boolean): readonly string[] {
  return knowsNone ? [...names, ...escapes] : names;
}

/** Whether a word of a list is one of `names`. */
export function isOffered(word: string, names: readonly string[]): boolean {
  return names.some((name) => bare(name) === bare(word));
}

/** Whether a list in running text holds more than `names`. */
export function listsForeign(prompt: string, names: readonly string[]): boolean {
  const either = names.map(patternOf).join("|");
  const known = `(?:${either})(?![\\p{L}\\d_])`;
  const after = new RegExp(
    `^["'\x60*)\\]]*(?:\\s*[,/|]\\s*(?:(?:or|and)\\s+)?|\\s+(?:or|and)\\s+)["'\x60*(\\[]*(?!${known}|(?:${asides})(?!\\p{L}))\\p{L}`,
    "iu",
  );
  const found = prompt.matchAll(new RegExp(`(?<![\\p{L}\\d_])${known}`, "giu"));
  for (const { 0: word, index } of found) {
    if (after.test(prompt.slice(index + word.length, index + word.length + reach))) return true;
    if (beganForeign(prompt.slice(Math.max(0, index - reach), index), names)) return true;
  }
  return linesForeign(prompt, names);
}

/** How much of the text around a label may belong to its list. */
const reach = 100;

function beganForeign(text: string, names: readonly string[]): boolean {
  const match =
    /([\p{L}\d_-]+)["'`*)\]]*(?:\s*[,/|]\s*(?:(?:or|and)\s+)?|\s+(?:or|and)\s+)["'`*([]*$/iu.exec(
      text,
    );
  const word = match?.[1];
  if (word === undefined || new RegExp(`^(?:${asides})$`, "iu").test(word)) return false;
  return !names.some((name) => bare(name).endsWith(bare(word)));
}

/** Whether a block of list items has one that begins with one of `names` and one that does not. */
export function linesForeign(prompt: string, names: readonly string[]): boolean {
  const either = names.map(patternOf).join("|");
  const known = new RegExp(`^["'\x60*]*(?:${either})(?![\\p{L}\\d_])`, "iu");
  let block: string[] = [];
  for (const line of [...prompt.split("\n"), ""]) {
    const item = itemOf(line);
    if (item !== null) {
      block.push(item);
      continue;
    }
    const held = block.filter((text) => known.test(text)).length;
    if (held > 0 && held < block.length) return true;
    block = [];
  }
  return false;
}

/** A line's text behind its bullet or number, or a line of one to three words; null for other lines. */
function itemOf(line: string): string | null {
  const bullet = /^\s*(?:[-*•]|\d+[.)])\s*(\S.*)$/u.exec(line)?.[1];
  if (bullet !== undefined) return bullet;
  const short = /^\s*(["'`*]*[\p{L}\d_-]+(?:[ /][\p{L}\d_-]+){0,2}["'`*]*)\s*$/u.exec(line)?.[1];
  return short ?? null;
}
