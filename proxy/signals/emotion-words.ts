/** emotion words: how strongly the text feels, in [0, 1], from words, intensifiers, exclamation marks and capitals. */
import { score, type Score } from "../core/brand.ts";
import { feelings, intensifiers } from "./lexicon.ts";
import { finderOf } from "./phrases.ts";
import type { Signal } from "./signal.ts";

const felt = [...feelings].map(([phrase, weight]) => ({ isIn: finderOf(phrase), weight }));
const stronger = [...intensifiers].map(finderOf);

/** One furious word, or several milder ones, make about one half; shouting adds to it. */
export const emotionWords: Signal<Score> = {
  name: "emotion_words",
  read: ({ text, searchable }) => {
    let sum = 0;
    for (const { isIn, weight } of felt) if (isIn(searchable)) sum += weight;
    if (sum === 0) return score(shouting(text) * 0.5);
    const factor = stronger.some((isIn) => isIn(searchable)) ? 1.25 : 1;
    return score(1 - Math.exp(-0.25 * sum * factor) + shouting(text) * 0.3);
  },
};

/** Share of shouting in [0, 1]: repeated exclamation marks and words in capitals. */
function shouting(text: string): number {
  const marks = text.match(/[!！]/gu)?.length ?? 0;
  const words = text.match(/\p{L}{3,}/gu) ?? [];
  const capitals = words.filter(
    (word) => word === word.toUpperCase() && word !== word.toLowerCase(),
  );
  const share = words.length < 3 ? 0 : capitals.length / words.length;
  return Math.min(1, Math.max(0, marks - 1) * 0.2 + share);
}
