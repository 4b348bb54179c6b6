/** Simulated Japanese policies and calls of which it is known whether answering is right; seeded. */
import { Draw } from "../intents/noise.ts";
import { rewrites } from "./rewrites.ts";
import { intents, outsiders, slots } from "./sentences.ts";

/** A call, the class that it means (-1: none), and whether it is one of that class's sentences, maybe rewritten. */
export interface Call {
  readonly text: string;
  readonly means: number;
  readonly isHeld: boolean;
}

/** Sentences by class, and calls. */
export interface Scenario {
  readonly classes: readonly (readonly string[])[];
  readonly calls: readonly Call[];
}

/** Which half of the wordings is used: one calibrates, the other gives figures. */
export type Side = 0 | 1;

// Shares of calls: meant by the policy; of intents or fillings that it lacks; the rest means nothing here.
const meant = 0.5;
const near = 0.35;
const rewritten = 0.6;

/** An intent with its slots filled, and every wording of one side. */
interface Meaning {
  readonly texts: readonly string[];
}

/** A policy of some intents, and calls to it. */
export function scenario(seed: number, side: Side, callCount: number): Scenario {
  const draw = new Draw(seed);
  const all = meaningsOf(draw, side);
  const held = draw.some(all, Math.round(all.length * draw.one([0.3, 0.5, 0.7, 0.9])));
  const most = draw.one([1, 2, 2, 3, 3]);
  const classes = held.map(({ texts }) => draw.some(texts, Math.min(most, texts.length)));
  const left = all.filter((meaning) => !held.includes(meaning));
  const outside = outsiders.filter((_, at) => at % 2 === side);
  const calls = Array.from({ length: callCount }, () => {
    const kind = draw.share();
    const means = kind < meant ? draw.integer(0, held.length - 1) : -1;
    const own = held[means]?.texts;
    const text = draw.one(own ?? (kind < meant + near ? draw.one(left).texts : outside));
    const isHeld = classes[means]?.includes(text) === true;
    return { text: draw.share() < rewritten ? rewrittenOnce(text, draw) : text, means, isHeld };
  });
  return { classes, calls };
}

/** Intents with slots are asked of several things, which are near misses of each other. */
function meaningsOf(draw: Draw, side: Side): readonly Meaning[] {
  return intents.flatMap(({ wordings }) => {
    const own = wordings.filter((_, at) => at % 2 === side);
    const names = [...new Set(own.join("").match(/(?<=\{)\w+(?=\})/gu))];
    if (names.length === 0) return [{ texts: own }];
    const fillings = Array.from({ length: draw.integer(2, 5) }, () =>
      names.map((name) => [name, draw.one(slots[name] ?? [""])] as const),
    );
    const distinct = [...new Map(fillings.map((filling) => [String(filling), filling])).values()];
    return distinct.map((filling) => ({
      texts: own.map((text) =>
        filling.reduce((rest, [name, value]) => rest.replaceAll(`{${name}}`, value), text),
      ),
    }));
  });
}

function rewrittenOnce(text: string, draw: Draw): string {
  const rewrite = draw.one(Object.values(rewrites));
  return rewrite(text, draw);
}
