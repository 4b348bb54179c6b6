/** The replay's bookkeeping: what is drawn, what counts as wrong or leaked, and how it is reported. */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Progress } from "../../bench/replay/progress.ts";
import { barsOf, reportJson, reportText } from "../../bench/replay/report.ts";
import type { RunFacts } from "../../bench/replay/report.ts";
import { isAnswerable, normalised, readRows } from "../../bench/replay/row.ts";
import type { Row } from "../../bench/replay/row.ts";
import { drawItems, seenTexts } from "../../bench/replay/sentences.ts";
import { readSettings } from "../../bench/replay/settings.ts";
import { UsageError } from "../../bench/usage.ts";
import { writePolicy } from "../../bench/replay/support-policy.ts";
import { Tally } from "../../bench/replay/tally.ts";
import type { Served } from "../../bench/replay/traffic.ts";
import { catalogueOf, cloudAnswers, judge } from "../../bench/replay/verdict.ts";
import { loadPolicy } from "../../proxy/policy/load.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "replay-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function row(more: Partial<Row> = {}): Row {
  return {
    id: 0,
    user: 1,
    class: "faq",
    item: "faq:hours",
    scope: "global",
    kind: "asis",
    text: "When are you open?",
    azure_in: 100,
    azure_out: 50,
    ...more,
  };
}

function served(decision: string, answer: string): Served {
  const rest = { reason: "r", route: "", confidence: "", savedUsd: 0, overheadMs: 1 };
  return { decision, answer, ...rest };
}

describe("rows", () => {
  it("are read from plain and gzipped lines, anything else refused with its place", async () => {
    const plain = join(folder, "rows.jsonl");
    await writeFile(plain, `${JSON.stringify(row())}\n`);
    await writeFile(`${plain}.gz`, gzipSync(JSON.stringify(row())));
    expect(readRows(plain)).toEqual([row()]);
    expect(readRows(`${plain}.gz`)).toEqual([row()]);
    await writeFile(plain, `${JSON.stringify(row())}\n{"id":`);
    expect(() => readRows(plain)).toThrow("line 2 is no JSON");
    await writeFile(plain, '{"id":1}');
    expect(() => readRows(plain)).toThrow(Error);
  });

  it("are normalised to lower-case words", () => {
    expect(normalised("  Can't  I—PAY?! ")).toBe("can t i pay");
    expect(normalised("Où est #W12_3?")).toBe("où est w12_3");
  });

  it("are answerable when global and of a class that a policy can know", () => {
    expect(isAnswerable(row())).toBe(true);
    expect(isAnswerable(row({ scope: "user" }))).toBe(false);
    expect(isAnswerable(row({ class: "general" }))).toBe(false);
  });
});

describe("the policy's sentences", () => {
  const rows = Array.from({ length: 20 }, (_, id) => row({ id, text: `question ${id}?` }));

  it("are five an item, the same for a seed whatever the order, others for another", () => {
    const drawn = drawItems(rows, 1);
    expect(drawn[0]?.sentences).toHaveLength(5);
    expect(drawItems(rows.toReversed(), 1)).toEqual(drawn);
    expect(drawItems(rows, 2)).not.toEqual(drawn);
    expect(seenTexts(drawn)).toContain(normalised(drawn[0]?.sentences[0] ?? ""));
  });

  it("are never drawn from noisy rows nor from those that no policy can know", () => {
    const lookUp = row({ class: "order_lookup", scope: "user" });
    const others = [row({ kind: "noisy" }), row({ scope: "none" }), row({ class: "oos" }), lookUp];
    expect(drawItems(others, 1)).toEqual([]);
  });

  it("name intents whose answer is each user's own, which the policy never answers", async () => {
    const own = row({ item: "faq:address", scope: "user", text: "I have moved" });
    const items = drawItems([...rows, own], 1);
    expect(items.map(({ name, isOwn }) => [name, isOwn])).toEqual([
      ["faq:address", true],
      ["faq:hours", false],
    ]);
    const options = { cloudUrl: "http://127.0.0.1:1", model: "support-v1", maxWrong: "0.5%" };
    await writePolicy(join(folder, "own"), { items, cache: true, ...options });
    const text = await readFile(join(folder, "own", "policy.yaml"), "utf8");
    expect(text).not.toContain("template: faq:address");
    expect(text).toContain("I have moved");
  });

  it("make a policy that the sidecar takes", async () => {
    const entity = row({ class: "faq_entity", item: "faq_entity:inn/1", text: "INN: Parking?" });
    const items = drawItems([...rows, entity], 1);
    const model = "support-v1";
    const options = { items, cloudUrl: "http://127.0.0.1:1", model, maxWrong: "0.5%", cache: true };
    await writePolicy(join(folder, "policy"), options);
    const loaded = await loadPolicy({ path: join(folder, "policy"), env: {} });
    expect(loaded).toMatchObject({ ok: true });
    const text = await readFile(join(folder, "policy", "policy.yaml"), "utf8");
    expect(text).toContain("faq:hours");
  });
});

describe("a verdict", () => {
  const mine = row({ class: "order_lookup", item: "order:1", scope: "user", text: "my order?" });
  const theirs = { ...mine, user: 2, item: "order:2" };
  const stray = row({ class: "oos", item: "oos:1", scope: "none", text: "sing" });
  const catalogue = catalogueOf([row(), mine, theirs, stray]);

  it("is right for the row's own item and wrong for any other", () => {
    expect(judge(row(), served("local", "faq:hours"), catalogue)).toEqual({
      from: "local",
      wrong: false,
      leaked: false,
      mixedUp: false,
    });
    expect(judge(row(), served("local", "faq:other"), catalogue).wrong).toBe(true);
  });

  it("is wrong for a row that the pod must never answer, even with its own item", () => {
    expect(judge(stray, served("cache", "oos:1 for user 9"), catalogue)).toMatchObject({
      wrong: true,
      leaked: false,
    });
  });

  it("is a leak when a user's own answer reaches another user", () => {
    expect(judge(mine, served("cache", "order:2 for user 2"), catalogue)).toMatchObject({
      wrong: true,
      leaked: true,
    });
    expect(judge(mine, served("stale", "order:1 for user 1"), catalogue)).toMatchObject({
      from: "cache",
      wrong: false,
      leaked: false,
    });
    const shared = served("cache", "faq:hours for user 8");
    expect(judge(row(), shared, catalogue)).toMatchObject({ wrong: false, leaked: false });
  });

  it("notices when the cloud's answers are mixed up, and calls that failed", () => {
    const [answer] = cloudAnswers([mine]);
    expect(judge(mine, served("forwarded", answer?.answer ?? ""), catalogue).mixedUp).toBe(false);
    expect(judge(mine, served("forwarded", "order:2 for user 2"), catalogue).mixedUp).toBe(true);
    expect(judge(mine, served("failed", ""), catalogue).from).toBe("failed");
  });
});

describe("the figures", () => {
  const price = { input: 1, output: 2, asOf: "2026-11-01" };
  const right = { wrong: false, leaked: false, mixedUp: false } as const;

  function sample(): Tally {
    const tally = new Tally(price);
    tally.add(row(), { from: "local", ...right }, true);
    tally.add(row(), { from: "local", ...right, wrong: true }, false);
    tally.add(row({ class: "general" }), { from: "cache", ...right, leaked: true }, true);
    tally.add(row({ class: "faq_entity" }), { from: "cloud", ...right, mixedUp: true }, true);
    return tally;
  }

  const settings = readSettings(["rows.jsonl", "--seed", "3"]);
  if (settings === null) throw new Error("no settings");
  const facts: RunFacts = {
    settings,
    seconds: 2,
    overheadMs: { p50: 1, p99: 2 },
    reasons: new Map([["cache_hit", 1]]),
    policy: { items: 1, sentences: 5 },
    wrongFile: "wrong.jsonl",
    price: { model: "gpt-4o-mini", asOf: "2026-11-01" },
  };

  it("are counted by group, with savings at list prices for the real calls' tokens", () => {
    const { all, unseen, answerable, plain } = sample();
    expect(all).toMatchObject({ rows: 4, local: 2, cache: 1, forwarded: 1, wrongLocal: 1 });
    expect(all.leaked).toBe(1);
    expect(all.costUsd).toBeCloseTo(4 * 0.0002, 10);
    expect(all.savedUsd).toBeCloseTo(3 * 0.0002, 10);
    expect(unseen).toMatchObject({ rows: 3, local: 1 });
    expect(answerable.rows).toBe(2);
    expect(plain.rows).toBe(1);
  });

  it("are held against the bars, the unseen one without help from the cache", () => {
    expect(barsOf(sample()).map(({ met }) => met)).toEqual([false, true, false]);
    const cached = new Tally(price);
    cached.add(row(), { from: "cache", ...right }, true);
    expect(barsOf(cached).map(({ met }) => met)).toEqual([true, false, true]);
    const diluted = new Tally(price);
    for (let at = 0; at < 50; at += 1) diluted.add(row(), { from: "local", ...right }, true);
    const other = row({ class: "general" });
    for (let at = 0; at < 150; at += 1) diluted.add(other, { from: "cache", ...right }, true);
    diluted.add(row(), { from: "local", ...right, wrong: true }, true);
    expect(barsOf(diluted).map(({ met }) => met)).toEqual([true, false, true]);
  });

  it("are printed as a table and as JSON", () => {
    const text = reportText(sample(), facts);
    expect(text).toMatch(/^all rows +4 +2 +1 +1 +0 +75\.0 % +1 +33\.3 % +1 +\$0\.00$/mu);
    expect(text).toContain("1 rows got the cloud's answer to another row");
    const json: unknown = JSON.parse(reportJson(sample(), facts));
    expect(json).toMatchObject({ all: { rows: 4 }, settings: { seed: 3 }, mixedUp: 1 });
  });
});

describe("the command line", () => {
  it("has defaults, and refuses what it does not understand", () => {
    expect(readSettings(["f", "--limit", "10", "--no-cache"])).toMatchObject({
      file: "f",
      limit: 10,
      cache: false,
      maxWrong: "2.5%",
    });
    expect(readSettings(["--help"])).toBeNull();
    for (const args of [[], ["a", "b"], ["f", "--limit", "x"], ["f", "--max-wrong", "1"]]) {
      expect(() => readSettings(args)).toThrow(UsageError);
    }
    expect(() => readSettings(["f", "--nonsense"])).toThrow(UsageError);
  });
});

describe("progress", () => {
  it("is a line a tenth without a terminal, one rewritten line with one", () => {
    const written: string[] = [];
    const plain = new Progress(20, { write: (text) => written.push(text) });
    for (let step = 0; step < 20; step += 1) plain.step("fine");
    expect(written).toHaveLength(10);
    expect(written.at(-1)).toMatch(/^20\/20 {2}\d+\/s {2}0:00 left {2}fine\n$/u);
    const drawn: string[] = [];
    const live = new Progress(2, { isTTY: true, write: (text) => drawn.push(text) });
    live.step("a");
    live.step("b");
    expect(drawn.at(-1)).toMatch(/^\r.*2\/2.*b\n$/u);
  });
});
