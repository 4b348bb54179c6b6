/** length: how much there is to read, in [0, 1]; 2,000 characters and more are 1. */
import { score, type Score } from "../core/brand.ts";
import type { Signal } from "./signal.ts";

const shortest = 40;
const longest = 2000;

/** Logarithmic between 40 and 2,000 characters: the step from 50 to 100 counts as much as from 500 to 1,000. */
export const length: Signal<Score> = {
  name: "length",
  read: ({ whole: text }) => {
    if (text.length <= shortest) return score(0);
    return score(Math.log(text.length / shortest) / Math.log(longest / shortest));
  },
};
