/** structure: what kind of text it is: code, numbers, questions, lines. */
import type { CheapSignals } from "../core/signals.ts";
import type { Signal } from "./signal.ts";

const code =
  /```|^\s{4,}\S.*[;{}]\s*$|\b(?:def|class|function|const|import|public static|SELECT .+ FROM)\b.*[({:;]/imu;

/** Counts stop mattering long before they are large. */
export const structure: Signal<CheapSignals["structure"]> = {
  name: "structure",
  read: ({ text }) => ({
    hasCode: code.test(text),
    numbers: text.match(/\p{N}+(?:[.,]\p{N}+)*/gu)?.length ?? 0,
    questions: text.match(/[?？]/gu)?.length ?? 0,
    lines: text === "" ? 0 : text.split("\n").length,
  }),
};
