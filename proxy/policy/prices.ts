/** List prices of well-known models: the bundled table, and what a call costs by it; layers and load.ts use it. */
import type { PromptCacheUsage, Usage } from "../core/decision.ts";
import type { Price } from "../core/policy.ts";
import { bundledFile } from "../core/bundled.ts";
import { frozen, frozenMap } from "./freeze.ts";
import { parseTree } from "./parse.ts";
import { ProblemList } from "./problem.ts";
import { policySchema } from "./schema.ts";
import { readSource } from "./sources.ts";
import { validate } from "./validate.ts";

/** The table that comes with the program. */
const BUNDLED = bundledFile("policies/prices.yaml");

/** What may follow a table's name in a model's name: a date, a version, a variant. */
const NEXT = new Set(["-", "@", ":", undefined]);

/**
 * The table at `path`, a policy file of which only `prices` counts. A table that cannot be read is
 * empty: prices are estimates, and no call may fail for want of one.
 */
export async function readPrices(path: string = BUNDLED): Promise<ReadonlyMap<string, Price>> {
  const source = await readSource(path);
  const problems = new ProblemList();
  const tree = source.ok ? parseTree(source.text, { file: path, env: {}, problems }) : null;
  const valid = tree === null ? null : validate(policySchema, tree, problems);
  return frozen(frozenMap(Object.entries(valid?.value.prices ?? {})));
}

/** Models whose price was looked up before, for each table; callers may write any name, so it is bounded. */
const known: WeakMap<ReadonlyMap<string, Price>, Map<string, Price | null>> = new WeakMap();
const mostKnown = 256;

/**
 * The price of the longest name in the table that `model` begins with, up to a hyphen, "@", ":" or
 * its end, without case; null when there is none.
 */
export function priceOf(prices: ReadonlyMap<string, Price>, model: string): Price | null {
  const priced = known.get(prices) ?? new Map<string, Price | null>();
  const before = priced.get(model);
  if (before !== undefined) return before;
  const price = search(prices, model);
  if (priced.size >= mostKnown) priced.clear();
  known.set(prices, priced.set(model, price));
  return price;
}

function search(prices: ReadonlyMap<string, Price>, model: string): Price | null {
  const wanted = model.toLowerCase();
  let longest = "";
  let price: Price | null = null;
  for (const [name, each] of prices) {
    const isBeginning = wanted.startsWith(name.toLowerCase()) && NEXT.has(wanted[name.length]);
    if (!isBeginning || name.length < longest.length) continue;
    longest = name;
    price = each;
  }
  return price;
}

/** What so many tokens cost, in USD. */
export function costOf(price: Price, usage: Usage): number {
  const { input, output, cacheRead = input, cacheWrite = input } = price;
  const { cacheWriteHour = cacheWrite } = price;
  const { readTokens, writtenTokens, hourTokens } = usage.promptCache ?? uncached;
  const freshTokens = usage.inputTokens - readTokens - writtenTokens;
  const inMillions =
    freshTokens * input +
    readTokens * cacheRead +
    (writtenTokens - hourTokens) * cacheWrite +
    hourTokens * cacheWriteHour +
    usage.outputTokens * output;
  return inMillions / 1_000_000;
}

const uncached: PromptCacheUsage = { readTokens: 0, writtenTokens: 0, hourTokens: 0 };
