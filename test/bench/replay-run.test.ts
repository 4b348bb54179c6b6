/** The replay as a command: a small recorded traffic through real processes, with exact figures and exit codes. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "replay-run-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SEARCH = {
  class: "product_search",
  item: "search:1",
  scope: "global",
  text: "blue wool rug",
};
const ORDER = { class: "order_lookup", scope: "user", text: "where is my order #W1234567" };
const HOURS = [
  "When are you open?",
  "What are your opening hours?",
  "Are you open on Saturdays?",
  "What time do you close?",
  "How late is the shop open?",
];

const rows = [
  ...HOURS.map((text) => ({ class: "faq", item: "faq:hours", scope: "global", text })),
  { ...SEARCH, user: 1 },
  { ...SEARCH, user: 2 },
  { ...ORDER, user: 1, item: "order:1" },
  { ...ORDER, user: 1, item: "order:1" },
  { ...ORDER, user: 2, item: "order:2" },
].map((row, id) => ({ id, t: id, user: 3, kind: "asis", azure_in: 300, azure_out: 40, ...row }));

async function replay(args: readonly string[]): Promise<{ code: unknown; output: string }> {
  const child = spawn(process.execPath, ["bench/replay/main.ts", ...args]);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.resume();
  const [code] = await once(child, "close");
  return { code, output };
}

it("counts what is answered where, keeps users apart, and writes every row when asked", async () => {
  const file = join(folder, "rows.jsonl");
  const every = join(folder, "every.jsonl");
  await writeFile(file, rows.map((row) => JSON.stringify(row)).join("\n"));
  const wrong = join(folder, "wrong.jsonl");
  const flags = ["--wrong", wrong, "--rows", every, "--concurrency", "1", "--json"];
  const { code, output } = await replay([file, ...flags]);
  expect(code).toBe(0);
  const report: unknown = JSON.parse(output);
  expect(report).toMatchObject({
    all: { rows: 10, cache: 2, failed: 0, leaked: 0, wrongLocal: 0, wrongCache: 0 },
    mixedUp: 0,
    classes: expect.arrayContaining([
      expect.objectContaining({ name: "faq", rows: 5, local: 5 }),
      expect.objectContaining({ name: "order_lookup", rows: 3, cache: 1, forwarded: 2 }),
      expect.objectContaining({ name: "product_search", rows: 2, cache: 1, forwarded: 1 }),
    ]),
  });
  expect((await readFile(every, "utf8")).trim().split("\n")).toHaveLength(10);
  expect(await readFile(wrong, "utf8")).toBe("");
});

it("tells wrong use and a missing file apart", async () => {
  expect(await replay([])).toMatchObject({ code: 2 });
  expect(await replay(["--help"])).toMatchObject({ code: 0 });
  expect(await replay([join(folder, "nothing.jsonl")])).toMatchObject({ code: 1 });
});
