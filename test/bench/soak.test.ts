/** The soak in its short form: every byte right, every error explained, every call recorded; and what judges that. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Outcome } from "../../bench/soak/caller.ts";
import { Ledger } from "../../bench/soak/ledger.ts";
import { planOf, type CallPlan } from "../../bench/soak/plan.ts";
import { progressLine } from "../../bench/soak/progress.ts";
import { Records } from "../../bench/soak/records.ts";
import { errorBody, piecesOf } from "../../bench/soak/reply.ts";
import { slopeOf } from "../../bench/soak/slope.ts";
import { judge } from "../../bench/soak/verdict.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "soak-run-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const rows = Array.from({ length: 60 }, (_, id) => ({
  id,
  t: id,
  user: id % 7,
  class: id % 3 === 0 ? "product_search" : "general",
  item: `item:${id % 20}`,
  scope: "global",
  kind: "asis",
  text: id % 3 === 0 ? `blue wool rug ${id % 20}` : `tell me about matter ${id % 20}`,
  azure_in: 300,
  azure_out: 40,
}));

const figuresPage = v.looseObject({
  sent: v.number(),
  heldBack: v.number(),
  records: v.number(),
  reloads: v.number(),
  outcomes: v.record(v.string(), v.number()),
  own: v.looseObject({ samples: v.number() }),
});

describe("npm run soak", () => {
  it("plays calls with faults, aborts and reloads, and finds nothing wrong", async () => {
    const file = join(folder, "rows.jsonl");
    await writeFile(file, rows.map((row) => JSON.stringify(row)).join("\n"));
    const flags = ["--minutes", "0.33", "--speed", "30", "--reload", "1", "--artefact", "null"];
    const shares = ["--faults", "0.3", "--aborts", "0.2", "--stops", "1", "--streams", "20"];
    const child = spawn(process.execPath, [
      "bench/soak/main.ts",
      file,
      ...flags,
      ...shares,
      "--json",
    ]);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stderr.resume();
    const [code] = await once(child, "close");
    expect(JSON.parse(output)).toMatchObject({
      wrongBytesUpstream: 0,
      wrongBytesToCallers: 0,
      unexplainedErrors: 0,
      withoutRecord: 0,
      exitCode: 0,
      examples: [],
      stops: { rounds: 1, streams: 20, cut: 0, refused: 0, badExits: 0 },
    });
    expect(code).toBe(0);
    const figures = v.parse(figuresPage, JSON.parse(output));
    expect(figures.sent).toBeGreaterThan(100);
    expect(figures.records).toBeGreaterThan(figures.sent / 2);
    expect(figures.reloads).toBeGreaterThan(3);
    expect(figures.own.samples).toBeGreaterThan(3);
    for (const outcome of ["forwarded", "left", "refused by plan", "status 503 by plan"]) {
      expect(figures.outcomes[outcome]).toBeGreaterThan(0);
    }
  });
});

const options = { seed: 1, faults: 0, aborts: 0 };
const numbers = Array.from({ length: 50 }, (_, number) => number);
/** A call that the plan wants as JSON: the reply names the number, and who reads it draws the plan again. */
const plainNumber = numbers.find((number) => !planOf(number, options).isStream) ?? 0;
const plain: CallPlan = planOf(plainNumber, options);
const whole = Buffer.concat(piecesOf(plain));
const forwarded: Outcome = {
  status: 200,
  decision: "forwarded",
  reason: "no_route_matched",
  id: "a",
  body: whole,
  isWhole: true,
  hasLeft: false,
  error: "",
};
const changed = Buffer.from(whole.toString("latin1").replace("assistant", "assistent"), "latin1");

describe("a call of the soak", () => {
  it.each<[string, Partial<CallPlan>, Partial<Outcome>, "right" | "wrong" | "unexplained"]>([
    ["as planned", {}, {}, "right"],
    ["with another byte", {}, { body: changed }, "wrong"],
    ["that ends early without being told so", {}, { body: whole.subarray(1) }, "wrong"],
    ["that broke without a plan", {}, { isWhole: false }, "unexplained"],
    ["without a reply", {}, { status: 0, decision: "" }, "unexplained"],
    ["that failed without a plan", {}, { status: 502 }, "unexplained"],
    ["refused by plan", { fault: "refuse" }, { status: 502, reason: "upstream_reset" }, "right"],
    ["refused by plan that was served", { fault: "refuse" }, {}, "unexplained"],
    ["cut by plan", { fault: "cut" }, { body: whole.subarray(0, 9), isWhole: false }, "right"],
    ["cut by plan that looks whole", { fault: "cut" }, { body: whole.subarray(0, 9) }, "wrong"],
    [
      "that left with the right beginning",
      {},
      { hasLeft: true, body: whole.subarray(0, 9) },
      "right",
    ],
    ["that left with another byte", {}, { hasLeft: true, body: Buffer.from("{x") }, "wrong"],
    ["stored", {}, { decision: "cache" }, "right"],
    ["stored with another byte", {}, { decision: "cache", body: changed }, "wrong"],
    [
      "failed by plan",
      { fault: "status 503" },
      { status: 503, body: errorBody(plainNumber, 503) },
      "right",
    ],
    ["failed in another way", { fault: "status 503" }, { status: 500 }, "unexplained"],
  ])("%s", (_what, plan, outcome, wanted) => {
    const verdict = judge({ ...plain, ...plan }, { ...forwarded, ...outcome }, options);
    const isUnexplained = !verdict.isWrong && verdict.because === null;
    expect({ isWrong: verdict.isWrong, isUnexplained }).toEqual({
      isWrong: wanted === "wrong",
      isUnexplained: wanted === "unexplained",
    });
  });

  it("is missing until the log has its record, in whatever order", () => {
    const records = new Records();
    const line = (id: string): string => JSON.stringify({ event: "call", id, ending: "complete" });
    records.heard("a");
    records.line(line("b"));
    records.line("no JSON");
    expect(records.counts).toEqual({ records: 1, missing: 1, unheard: 1 });
    records.line(line("a"));
    records.heard("b");
    expect(records.counts).toEqual({ records: 2, missing: 0, unheard: 0 });
  });
});

it("says twice a minute how far the soak is and what is wrong so far", () => {
  const ledger = Object.assign(new Ledger(), { sent: 930, changed: 1, wrong: 2, unexplained: 4 });
  const rss = [{ at: 0.02, value: 311.6 }];
  const memory = { rss, own: [], stop: () => undefined };
  expect(progressLine({ minutes: 30, ledger, memory }, 62)).toBe(
    "1:02 of 30:00   930 calls, 15 a second   3 wrong, 4 unexplained   312 MiB",
  );
});

describe("the slope of a series", () => {
  const noisy = (perHour: number) =>
    Array.from({ length: 300 }, (_, second) => ({
      at: second / 3600,
      // Neighbours are alike, as samples of memory are.
      value: 100 + (perHour * second) / 3600 + 3 * Math.sin(second / 9) + Math.sin(second * 7.3),
    }));

  it.each([0, 500])("of %i MiB an hour lies within its interval", (perHour) => {
    const { slope, low, high } = slopeOf(noisy(perHour), 30, 1);
    expect(low).toBeLessThan(perHour);
    expect(high).toBeGreaterThan(perHour);
    expect(slope).toBeGreaterThan(low);
    expect(slope).toBeLessThan(high);
    expect(high - low).toBeLessThan(400);
  });
});
