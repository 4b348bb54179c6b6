/** Right or silent, on generated questions: a FAQ never answers a question that differs in what decides, and serves trivial rewrites. */
import { beforeAll, describe, expect, test } from "vitest";
import { generate } from "../../bench/swaps/generate.ts";
import { judgeSwaps, type Counts, type SwapResult } from "../../bench/swaps/judge.ts";

const set = generate(1);
let result: SwapResult;
beforeAll(async () => {
  result = await judgeSwaps(set, "support-v1", 0.02);
});

function sum(counts: Counts, language: string, part: "asked" | "own" | "other"): number {
  return [...counts].reduce(
    (total, [name, count]) => total + (name.startsWith(language) ? count[part] : 0),
    0,
  );
}

describe("the set", () => {
  test("is the same for a seed, another for another", () => {
    expect(generate(1)).toEqual(set);
    expect(generate(2)).not.toEqual(set);
  });

  test("has a thousand English and three hundred Japanese swaps at least, none of which is an entry's question", () => {
    const asked = new Set(set.entries.flatMap(({ questions }) => questions));
    const { en = [], ja = [] } = Object.groupBy(set.swaps, ({ language }) => language);
    expect(en.length).toBeGreaterThanOrEqual(1000);
    expect(ja.length).toBeGreaterThanOrEqual(300);
    expect(set.swaps.filter(({ text }) => asked.has(text))).toEqual([]);
  });
});

describe("a FAQ of the bundled model", () => {
  test("answers no swap", () => {
    const answered = [...result.swaps].flatMap(([name, { missed }]) =>
      missed.map((text) => `${name}: ${text}`),
    );
    expect(answered).toEqual([]);
  });

  test.each(["en", "ja"])("serves 95 of 100 trivial rewrites, %s, none wrongly", (language) => {
    const { rewrites } = result;
    const share = sum(rewrites, language, "own") / sum(rewrites, language, "asked");
    expect(share).toBeGreaterThanOrEqual(0.95);
    expect(sum(rewrites, language, "other")).toBe(0);
  });
});
