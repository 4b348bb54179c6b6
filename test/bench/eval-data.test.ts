/** The released model's evaluation against the public sets: nothing evaluated was trained on, and the command gives its figures. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { overlapWithAll, overlapWithHead } from "../../bench/eval/parts/dedupe.ts";
import { joinRows, readRowsFile, wantedKeys } from "../../bench/eval/rows.ts";
import { evaluationTexts, everyText, keyOf } from "../../bench/eval/sets.ts";
import { TrainedTexts } from "../../bench/eval/trained.ts";
import { ran } from "../support/command.ts";

const root = resolve(import.meta.dirname, "../..");
const data = resolve(root, "../shared/data");
const folder = resolve(root, "models/support-v1");

describe.skipIf(!existsSync(data))("the released model", () => {
  it("was trained on no text of an evaluation split", () => {
    const trained = new TrainedTexts(folder);
    for (const [split, texts] of evaluationTexts(data)) {
      const { shared, texts: distinct } = overlapWithAll(trained, split, texts);
      expect(distinct).toBeGreaterThan(100);
      expect([split, shared]).toEqual([split, []]);
    }
  });

  it("judges no head by a text that the head or the encoder was trained on", async () => {
    const file = readRowsFile(folder);
    const trained = new TrainedTexts(folder);
    const texts = new Map<string, string>();
    const wanted = wantedKeys(file);
    await everyText(data, (text) => {
      const key = keyOf(text, file.key_bytes);
      if (wanted.has(key)) texts.set(key, text);
    });
    for (const { name, rows, missing } of joinRows(file, texts).heads) {
      // Words that mark a feeling are taken out of some texts, which then stand in no set.
      expect(missing / rows.length).toBeLessThan(0.02);
      const own = rows.map(({ text }) => text);
      expect([name, overlapWithHead(trained, name, own).shared]).toEqual([name, []]);
    }
  });

  it("would be caught with a text that it was trained on", () => {
    const trained = new TrainedTexts(folder);
    const [text = ""] = trained.generated;
    expect(overlapWithAll(trained, "a split", [text, "nobody ever said this"]).shared).toEqual([
      text,
    ]);
  });

  it("has its figures told by `npm run eval`", async () => {
    const { code, out } = await ran(["bench/eval/main.ts", "labels", "--limit", "60", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ format: 1, parts: { labels: { tables: [{}] } } });
  }, 120_000);
});

it("`npm run eval` says what is wrong with its arguments", async () => {
  const wrong = await ran(["bench/eval/main.ts", "heeds"]);
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('no part "heeds"')]);
  const help = await ran(["bench/eval/main.ts", "--help"]);
  expect([help.code, help.out]).toEqual([0, expect.stringContaining("Usage: npm run eval")]);
});
