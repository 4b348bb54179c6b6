/** `sidestep train`: labelled sentences become a policy's intents, and every figure of the report can be counted by hand. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { UsageError } from "../../proxy/cli/command.ts";
import { readLabelled, usualColumns } from "../../proxy/cli/labelled.ts";
import { reportLines, reportOf } from "../../proxy/cli/train-report.ts";
import type { Judgement } from "../../proxy/inference/holdout.ts";
import { loadPolicy } from "../../proxy/policy/load.ts";
import { sidestep } from "../support/command.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "train-"));
});

function judgement(more: Partial<Judgement>): Judgement {
  const rest = { confidence: 0.5, wrong: 0.001, isBarred: false };
  return { text: "a text", intent: "refund", found: "refund", ...rest, ...more };
}

describe("labelled sentences", () => {
  const rows = [
    { text: "where is my parcel", intent: "track" },
    { text: 'say "hello", please', intent: "greet" },
  ];

  test.each([
    ["JSON lines", rows.map((row) => JSON.stringify(row)).join("\n")],
    [
      "other keys",
      rows
        .map(({ text, intent }) => `{"label":"${intent}","utterance":${JSON.stringify(text)}}`)
        .join("\r\n"),
    ],
    ["CSV", 'text,intent\nwhere is my parcel,track\n"say ""hello"", please",greet\n'],
    [
      "semicolons",
      '\uFEFFlabel;query\r\ntrack;where is my parcel\r\ngreet;"say ""hello"", please"\r\n',
    ],
    [
      "tabs and repeats",
      'text\tintent\nwhere is my parcel\ttrack\nwhere is my parcel\ttrack\n"say ""hello"", please"\tgreet\n\t\n',
    ],
  ])("are read from %s", (_, content) => {
    expect(readLabelled("f", content, usualColumns)).toEqual(rows);
  });

  test.each([
    ['{"text":"a","intent":"b"}\n{"text":', "f:2: no JSON object"],
    ['{"words":"a","intent":"b"}', "f:1: no column called text, utterance"],
    ["words,intent\na,b\n", "name it with --text"],
    ["text,kind\na,b\n", "name it with --intent"],
    ['text,intent\n"a,b\n', "neither JSON lines nor CSV"],
    ["", "holds no labelled sentence"],
    ["text,intent\n", "holds no labelled sentence"],
  ])("that cannot be read name place and mend: %j", (content, message) => {
    expect(() => readLabelled("f", content, usualColumns)).toThrow(UsageError);
    expect(() => readLabelled("f", content, usualColumns)).toThrow(message);
  });
});

describe("the report", () => {
  const right = Array.from({ length: 98 }, (_, at) => judgement({ text: `right ${at}` }));
  const confused = [
    judgement({ text: "money back?", found: "order", confidence: 0.97, wrong: 0.03 }),
    judgement({ text: "cancel", found: "order", confidence: 0.2, wrong: 0.4 }),
  ];
  const few = [judgement({ intent: "order", found: "order", wrong: 0.5, isBarred: true })];
  const report = reportOf([...right, ...confused, ...few]);

  test("counts accuracy, and what each bound would have answered", () => {
    expect(report.accuracy).toBeCloseTo(99 / 101, 6);
    expect(report.coverage.find(({ maxWrong }) => maxWrong === 0.01)).toEqual({
      maxWrong: 0.01,
      answered: 98 / 101,
      wrong: 0,
    });
    expect(report.coverage.find(({ maxWrong }) => maxWrong === 0.05)).toEqual({
      maxWrong: 0.05,
      answered: 99 / 101,
      wrong: 1 / 99,
    });
  });

  test("takes what can be answered at 99 % right, without what the guard keeps back", () => {
    expect(report.coverageAt99).toBeCloseTo(98 / 101, 6);
    expect(reportOf([...right, ...confused.slice(0, 1), judgement({})]).coverageAt99).toBe(1);
  });

  test("names confusions, sentences that look mislabelled, intents that overlap or are thin", () => {
    expect(report.confusions).toEqual([
      { intent: "refund", found: "order", count: 2, example: "money back?" },
    ]);
    expect(report.suspects.map(({ text }) => text)).toEqual(["money back?"]);
    expect(report.overlaps).toEqual([{ intents: ["refund", "order"], share: 2 }]);
    expect(report.thin).toEqual(["order"]);
    const lines = reportLines(report).join("\n");
    expect(lines).toContain("accuracy      98 %");
    expect(lines).toContain('2 x refund -> order: "money back?"');
    expect(lines).toContain('"money back?" is labelled refund and looks like order');
    expect(lines).toContain("refund and order overlap");
    expect(lines).toContain("order has fewer than 5 sentences");
  });

  test("of nothing is empty", () => {
    const empty = reportOf([]);
    expect(empty).toMatchObject({ sentences: 0, accuracy: 0, coverageAt99: 0, confusions: [] });
    expect(reportLines(empty).join("\n")).not.toContain("suggestions");
  });
});

describe("sidestep train", () => {
  const sentences = {
    track: [
      "where is my parcel",
      "track my order",
      "has my package shipped",
      "when will my parcel arrive",
      "what is the status of my delivery",
      "my order has not come yet",
    ],
    refund: [
      "I want my money back",
      "how do I get a refund",
      "please refund this purchase",
      "can I return this for a refund",
      "give me my money back",
      "refund my last payment",
    ],
    hours: [
      "when do you open",
      "what are your opening hours",
      "are you open on sunday",
      "at what time do you close",
      "what are the shop hours",
      "when does the store open",
    ],
  };
  const rows = Object.entries(sentences).flatMap(([intent, texts]) =>
    texts.map((text) => JSON.stringify({ text, intent })),
  );

  function labelledFile(): string {
    const file = join(folder, "labelled.jsonl");
    writeFileSync(file, rows.join("\n"));
    return file;
  }

  test("judges held-out sentences, and writes intents that a policy folder takes", async () => {
    const out = join(folder, "intents.yaml");
    const ran = await sidestep([
      "train",
      "--holdout",
      "--examples",
      "4",
      "--out",
      out,
      labelledFile(),
    ]);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.out).toMatch(/^held out +18 sentences/);
    expect(ran.out).toMatch(/accuracy +\d/);
    expect(ran.err).toContain("judged part 5 of 5");
    expect(ran.err).toContain("12 sentences of 3 intents");
    writeFileSync(
      join(folder, "policy.yaml"),
      "version: 1\nroutes: [{ name: all, forward: {} }]\n",
    );
    const loaded = await loadPolicy({ path: folder, env: {} });
    expect(loaded).toMatchObject({ ok: true });
    const written = readFileSync(out, "utf8");
    for (const name of Object.keys(sentences)) expect(written).toContain(`${name}:`);
    const again = await sidestep(["train", "--out", out, labelledFile()]);
    expect(again).toMatchObject({ code: 2 });
    expect(again.err).toContain("is there already");
    expect(readFileSync(out, "utf8")).toBe(written);
  });

  test("gives the report as JSON", async () => {
    const ran = await sidestep(["train", "--holdout", "--json", labelledFile()]);
    expect(JSON.parse(ran.out)).toMatchObject({ sentences: 18, thin: [] });
  });

  test.each([
    [[], "one FILE"],
    [["--holdout", "nowhere.jsonl"], "cannot be read"],
    [["FILE"], "--holdout to judge, --out FILE to write"],
    [["--holdout", "--examples", "few", "FILE"], "--examples few"],
    [["--holdout", "--model", "nothing", "FILE"], "nothing"],
    [["--holduot", "FILE"], "--holdout"],
  ])("names the mend for %j", async (args, message) => {
    const file = labelledFile();
    const ran = await sidestep(["train", ...args.map((arg) => (arg === "FILE" ? file : arg))]);
    expect(ran.code).toBeGreaterThan(0);
    expect(ran.err).toContain(message);
    expect(ran.err).not.toContain("    at ");
  });
});
