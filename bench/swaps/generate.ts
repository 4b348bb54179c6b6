/** A FAQ of a made-up shop, questions that differ from its entries in the one part that decides, and trivial rewrites of them. */
import type { FaqEntry } from "../../proxy/core/policy.ts";
import { Draw } from "../intents/noise.ts";
import { rewrites as japaneseRewrites } from "../japanese/rewrites.ts";
import { templates, things, type Template } from "./templates.ts";

/** A question and the entry that it comes from; a swap must not get that entry's answer, a rewrite must. */
export interface Case {
  readonly kind: string;
  readonly language: Template["language"];
  readonly text: string;
  readonly id: string;
}

export interface SwapSet {
  readonly entries: readonly FaqEntry[];
  readonly swaps: readonly Case[];
  readonly rewrites: readonly Case[];
}

/** The same seed gives the same set. */
export function generate(seed: number, about: typeof things = things): SwapSet {
  const draw = new Draw(seed);
  const made = templates.flatMap((template, at) =>
    about[template.language].map((thing) => familyOf(template, `${at}-${thing}`, thing, draw)),
  );
  return {
    entries: made.map(({ entry }) => entry),
    swaps: made.flatMap(({ swaps }) => swaps),
    rewrites: made.flatMap(({ source }) => rewritesOf(source, draw)),
  };
}

interface Family {
  readonly entry: FaqEntry;
  readonly source: Case;
  readonly swaps: readonly Case[];
}

function familyOf(template: Template, id: string, thing: string, draw: Draw): Family {
  const { kind, language } = template;
  // The plain form of a question that a phrase narrows down is what an entry has.
  const part = template.parts[0] === "" ? "" : draw.one(template.parts);
  const textOf = (value: string): string =>
    template.ask.replace("{thing}", thing).replace("{}", value);
  const source = { kind, language, text: textOf(part), id };
  return {
    source,
    entry: { id, questions: [source.text], answer: `The answer to ${id}.`, language },
    swaps: template.parts
      .filter((other) => other !== part)
      .map((other) => ({ ...source, text: textOf(other) })),
  };
}

const rewrites: Readonly<
  Record<Template["language"], Readonly<Record<string, (text: string, draw: Draw) => string>>>
> = {
  en: {
    case: (text) => text.toLowerCase(),
    capitals: (text) => text.toUpperCase(),
    punctuation: (text, draw) =>
      `${text.replace(/\?$/u, "")}${draw.one(["", "??", "?!", "...", " ?"])}`,
    politeness: (text, draw) =>
      draw.one([
        `Hi, ${lowerFirst(text)}`,
        `Hello! ${text}`,
        `${text} Thanks`,
        `Please tell me: ${text}`,
      ]),
    typo: misspelt,
  },
  ja: japaneseRewrites,
};

/** The same question as people write it, once in each way. */
export function rewritesOf(source: Case, draw: Draw): readonly Case[] {
  return Object.entries(rewrites[source.language]).map(([kind, rewrite]) => ({
    ...source,
    kind,
    text: rewrite(source.text, draw),
  }));
}

function lowerFirst(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}

/** Two letters swapped, or one left out or doubled, after the first of one long lower-case word. */
function misspelt(text: string, draw: Draw): string {
  const words = text.match(/\b[a-z]{6,}\b/gu) ?? [];
  if (words.length === 0) return text;
  const word = draw.one(words);
  const at = draw.integer(1, word.length - 2);
  const [one = "", two = ""] = word.slice(at, at + 2);
  const changed = draw.one([`${two}${one}`, two, `${one}${one}${two}`]);
  return text.replace(word, `${word.slice(0, at)}${changed}${word.slice(at + 2)}`);
}
