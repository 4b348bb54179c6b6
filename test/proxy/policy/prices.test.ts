/** List prices: the bundled table, whose wins, and how a model's name finds its price. */
import { join } from "node:path";
import { expect, test } from "vitest";
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
  ];
  expect(known.filter((model) => priceOf(prices, model) === null)).toEqual([]);
  for (const { input, output, asOf } of prices.values()) {
    expect(output).toBeGreaterThan(input);
    expect(asOf).toMatch(/^20\d\d-\d\d-\d\d$/);
  }
  expect(priceOf(prices, "claude-3-haiku-20240307")).toEqual({
    input: 0.25,
    output: 1.25,
    asOf: expect.any(String),
  });
  expect(priceOf(prices, "gpt-4o-mini")?.input).toBe(0.15);
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
