/** syntax: how involved the text is, in [0, 1]: clauses, nesting, code, formulas, several questions at once. */
import { score, type Score } from "../core/brand.ts";
import type { Signal } from "./signal.ts";

const clauseWords =
  /\b(?:because|although|however|whereas|unless|therefore|assuming|provided|given that|such that|which|while|if|then|weil|obwohl|wenn|dass|parce que|bien que|porque|aunque|cuando)\b|から|ので|けれど|場合/giu;
const taskWords =
  /\b(?:prove|derive|explain|compare|analy[sz]e|implement|design|write|refactor|optimi[sz]e|debug|evaluate|summari[sz]e|translate|calculate|solve|step by step|trade-?offs?)\b|証明|説明|比較|設計|実装|分析|計算/giu;

/** Each part is capped, so that no single habit of writing decides. */
export const syntax: Signal<Score> = {
  name: "syntax",
  read: ({ text }) => {
    const words = Math.max(1, countOf(text, /[\p{L}\p{N}]+/gu));
    const sentences = Math.max(1, countOf(text, /[.!?。！？](?=\s|$)|\n+/gu));
    const parts = [
      capped(countOf(text, clauseWords), 4) * 0.25,
      capped(countOf(text, taskWords), 3) * 0.3,
      capped(words / sentences - 12, 28) * 0.15,
      capped(countOf(text, /[([{]/gu), 6) * 0.1,
      capped(countOf(text, /[?？]/gu) - 1, 3) * 0.1,
      capped(countOf(text, /```|[=<>^∑∫√]|\b(?:def|class|function|SELECT|import|return)\b/gu), 4) *
        0.3,
    ];
    return score(parts.reduce((sum, part) => sum + part, 0));
  },
};

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function capped(value: number, most: number): number {
  return Math.min(1, Math.max(0, value / most));
}
