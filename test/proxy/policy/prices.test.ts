/** List prices: the bundled table, whose wins, and how a model's name finds its price. */
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Usage } from "../../../proxy/core/decision.ts";
import type { Price } from "../../../proxy/core/policy.ts";
import { costOf, priceOf, readPrices } from "../../../proxy/policy/prices.ts";
import { folderWith, policyOf } from "./fixture.ts";

function priced(names: readonly string[]): ReadonlyMap<string, Price> {
  return new Map(names.map((name, at) => [name, { input: at + 1, output: 0, asOf: "2026-01-01" }]));
}

test.each([
  ["gpt-4o", 1],
  ["gpt-4o-2024-08-06", 1],
  ["GPT-4o", 1],
  ["gpt-4o@eu", 1],
  ["gpt-4o:v1", 1],
  ["gpt-4o-mini", 2],
  ["gpt-4o-mini-2024-07-18", 2],
  ["gpt-4", 3],
  ["gpt-4-0613", 3],
  ["gpt-4.1", null],
  ["gpt-4omega", null],
  ["gpt", null],
  ["", null],
])("the longest name that %j begins with", (model, input) => {
  const prices = priced(["gpt-4o", "gpt-4o-mini", "gpt-4"]);
  expect(priceOf(prices, model)?.input ?? null).toBe(input);
});

test("a later entry of the same name in other letters wins", () => {
  expect(priceOf(priced(["Own-1", "own-1"]), "OWN-1")?.input).toBe(2);
});

test("the bundled table knows the vendors' models, each with a date", async () => {
  const prices = await readPrices();
  const known = [
    "gpt-4o-2024-08-06",
    "gpt-4o-mini",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-5",
    "gpt-5-mini",
    "gpt-5-nano",
    "gpt-3.5-turbo-0125",
    "o1",
    "o3",
    "o3-mini",
    "o4-mini-2025-04-16",
    "claude-3-haiku-20240307",
    "claude-3-opus-20240229",
    "claude-3-5-sonnet-latest",
    "claude-3-5-haiku-20241022",
    "claude-3-7-sonnet-20250219",
    "claude-sonnet-4-20250514",
    "claude-opus-4-1-20250805",
    "claude-sonnet-4-5",
    "claude-haiku-4-5-20251001",
    "claude-opus-4-5",
    "gpt-5.6",
    "gpt-5.4-nano",
    "claude-fable-5",
    "claude-haiku-5-5",
  ];
  expect(known.filter((model) => priceOf(prices, model) === null)).toEqual([]);
  for (const { input, output, asOf, cacheRead = 0, cacheWrite = input } of prices.values()) {
    expect(output).toBeGreaterThan(input);
    expect(cacheRead).toBeLessThan(input);
    expect(cacheWrite).toBeGreaterThanOrEqual(input);
    expect(asOf).toMatch(/^20\d\d-\d\d-\d\d$/);
  }
  expect(priceOf(prices, "claude-3-haiku-20240307")).toEqual({
    input: 0.25,
    output: 1.25,
    cacheRead: 0.03,
    cacheWrite: 0.3,
    asOf: expect.any(String),
  });
  expect(priceOf(prices, "gpt-4o-mini")?.input).toBe(0.15);
});

test("a newer model does not cost what the one costs whose name it continues", async () => {
  const prices = await readPrices();
  expect(priceOf(prices, "claude-opus-4-20250514")?.input).toBe(15);
  expect(priceOf(prices, "claude-opus-4-8")?.input).toBe(5);
  expect(priceOf(prices, "gpt-5.5-cyber-preview")?.input).toBe(12.5);
});

test("a policy has the bundled prices and its own, which win", async () => {
  const { prices } = await policyOf(
    "prices: { gpt-4o: { input: 9, output: 9, as_of: 2026-01-01 } }\n",
  );
  expect(priceOf(prices, "gpt-4o")?.input).toBe(9);
  expect(priceOf(prices, "gpt-4o-mini")?.input).toBe(0.15);
});

test("a table that is absent or faulty is empty, since prices are only estimates", async () => {
  const folder = folderWith({
    "list.yaml": "- 1\n",
    "broken.yaml": "prices: {\n",
    "partly.yaml":
      "prices:\n  a: { input: 1, output: 2, as_of: 2026-01-01 }\n  b: { input: x, output: 2, as_of: 2026-01-01 }\n",
  });
  expect((await readPrices(join(folder, "none.yaml"))).size).toBe(0);
  expect((await readPrices(join(folder, "list.yaml"))).size).toBe(0);
  expect((await readPrices(join(folder, "broken.yaml"))).size).toBe(0);
  expect([...(await readPrices(join(folder, "partly.yaml"))).keys()]).toEqual(["a"]);
});

test("a cost is tokens times price per million", () => {
  const price = { input: 2, output: 8, asOf: "2026-01-01" };
  const usage = { inputTokens: 1000, outputTokens: 500, isEstimate: false };
  expect(costOf(price, usage)).toBeCloseTo(0.006, 12);
});

describe("what the provider's prompt cache has or takes", () => {
  const usage: Usage = {
    inputTokens: 10_000,
    outputTokens: 0,
    isEstimate: false,
    promptCache: { readTokens: 7000, writtenTokens: 2000, hourTokens: 500 },
  };

  test("costs what the policy says", async () => {
    const { prices } = await policyOf(
      "prices: { own: { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75, cache_write_1h: 6, as_of: 2026-01-01 } }\n",
    );
    const price = priceOf(prices, "own");
    // 1,000 fresh, 7,000 read, 1,500 written, 500 written for an hour.
    const inMillions = 1000 * 3 + 7000 * 0.3 + 1500 * 3.75 + 500 * 6;
    expect(price && costOf(price, usage)).toBeCloseTo(inMillions / 1_000_000, 12);
  });

  test("costs what input costs where no price of it is known", () => {
    const price = { input: 3, output: 15, asOf: "2026-01-01" };
    expect(costOf(price, usage)).toBeCloseTo(0.03, 12);
    expect(costOf({ ...price, cacheWrite: 3.75 }, usage)).toBeCloseTo(0.0315, 12);
  });

  test("never makes a call cost less than nothing", () => {
    const usd = fc.double({ min: 0, max: 1000, noNaN: true });
    const tokens = fc.nat(1_000_000);
    fc.assert(
      fc.property(usd, usd, tokens, tokens, (input, cacheRead, readTokens, writtenTokens) => {
        const price = { input, output: 0, cacheRead, asOf: "2026-01-01" };
        const promptCache = { readTokens, writtenTokens, hourTokens: 0 };
        const inputTokens = readTokens + writtenTokens;
        const given = { inputTokens, outputTokens: 0, isEstimate: false, promptCache };
        expect(costOf(price, given)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
