/** What sentences that intents do not mean (`not`) are worth: the same simulated policies and calls with and without them; used by main.ts. */
import { judged, type ScoreModel } from "../../proxy/inference/calibration.ts";
import type { Lexicon } from "../../proxy/inference/lexicon.ts";
import { normalised } from "./corpus.ts";
import { Draw } from "./noise.ts";
import { finderOf, type Scenario, type Vectors } from "./simulation.ts";

const bounds = [0.01, 0.025, 0.05];

/** Answers under one bound. */
interface Count {
  right: number;
  wrong: number;
}

/** Adds up policies; calls that are a `not` sentence themselves are asked of neither. */
export class NotComparison {
  readonly #model: ScoreModel;
  readonly #lexicon: Lexicon;
  readonly #each: number;
  readonly #without: readonly Count[] = bounds.map(() => ({ right: 0, wrong: 0 }));
  readonly #with: readonly Count[] = bounds.map(() => ({ right: 0, wrong: 0 }));
  #calls = 0;
  #meant = 0;

  /** `each`: sentences of an intent that the policy lacks. */
  constructor(model: ScoreModel, lexicon: Lexicon, each: number) {
    this.#model = model;
    this.#lexicon = lexicon;
    this.#each = each;
  }

  /** The same calls to the scenario's policy as it is, and with `not` sentences drawn by seed. */
  add(scenario: Scenario, vectors: Vectors, seed: number): void {
    const draw = new Draw(seed);
    const nots = (scenario.lacking ?? []).map((texts) => draw.some(texts, this.#each));
    const told = new Set(nots.flat().map(normalised));
    const calls = scenario.calls.filter(({ text }) => !told.has(normalised(text)));
    const plain = { ...scenario, calls };
    this.#calls += calls.length;
    this.#meant += calls.filter(({ means }) => means >= 0).length;
    this.#count(plain, plain, vectors, this.#without);
    const warned = { ...plain, classes: [...scenario.classes, ...nots] };
    this.#count(plain, warned, vectors, this.#with);
  }

  /** `known` has the classes that are answered, `policy` all of them. */
  #count(known: Scenario, policy: Scenario, vectors: Vectors, into: readonly Count[]): void {
    const find = finderOf(policy, "intents", this.#lexicon, vectors);
    for (const { text, means } of known.calls) {
      const match = find(text);
      if (match === null || match.objection !== null || match.isExact) continue;
      if (match.best >= known.classes.length) continue;
      const { wrong } = judged(this.#model, match.features);
      into.forEach((count, at) => {
        if (wrong > (bounds[at] ?? 0)) return;
        if (match.best === means) count.right += 1;
        else count.wrong += 1;
      });
    }
  }

  /** A line a bound. */
  report(): readonly string[] {
    const told = ({ right, wrong }: Count): string =>
      `${share(right, this.#meant)} of the meant calls answered rightly, ${share(wrong, right + wrong)} of the answers wrong (${wrong})`;
    const none: Count = { right: 0, wrong: 0 };
    return [
      `${this.#calls} calls, ${this.#meant} of them mean an intent of the policy`,
      ...bounds.flatMap((bound, at) => [
        `max_wrong ${bound * 100} %, no not:   ${told(this.#without[at] ?? none)}`,
        `max_wrong ${bound * 100} %, with not: ${told(this.#with[at] ?? none)}`,
      ]),
    ];
  }
}

function share(part: number, of: number): string {
  return `${((100 * part) / Math.max(1, of)).toFixed(2)} %`;
}
