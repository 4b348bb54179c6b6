/** structure: what kind of text it is: code, numbers, questions, lines. */
import type { CheapSignals } from "../core/signals.ts";
import type { Signal } from "./signal.ts";

/** How much of a line is looked at, and how many lines; each pattern begins where the line does. */
const lineLength = 200;
const mostLines = 2000;

/** What lines of code look like from their beginning on. */
const codeLines: readonly RegExp[] = [
  /^```/,
  /^(?:export )?(?:default )?(?:async )?(?:def|function\*?) \w+ ?\(/,
  /^(?:export )?(?:abstract )?(?:class|interface|struct|enum) \w+[^.?!]*[:{]$/,
  /^(?:export )?(?:const|let|var) [\w{[][^=]*=/,
  /^(?:import [\w{*"'].* from ["']|import \w+(?:\.\w+)+|from [\w.]+ import |#include ?[<"]|using [\w.]+;)/,
  /^(?:public|private|protected) (?:static )?\w+/,
  /^(?:return\b.*;$|if ?\(.*\) ?\{|for ?\(.*\) ?\{|while ?\(.*\) ?\{|\} ?else)/,
  /^SELECT .+ FROM /,
  /^<\/?[a-z][\w-]*(?: [^>]*)?>$/i,
  /^.*[=()].*[;{]$/,
];

/** Counts stop mattering long before they are large. */
export const structure: Signal<CheapSignals["structure"]> = {
  name: "structure",
  read: ({ text }) => ({
    hasCode: hasCode(text),
    numbers: text.match(/\p{N}+(?:[.,]\p{N}+)*/gu)?.length ?? 0,
    questions: text.match(/[?？]/gu)?.length ?? 0,
    lines: text === "" ? 0 : text.split("\n").length,
  }),
};

function hasCode(text: string): boolean {
  if (text.includes("```")) return true;
  const lines = text.split("\n", mostLines).map((line) => line.slice(0, lineLength).trim());
  return lines.some((line) => codeLines.some((pattern) => pattern.test(line)));
}
