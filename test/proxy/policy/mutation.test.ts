/** A thousand spoiled policy files: each gives a policy, or problems with positions inside the file; never a crash. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseTree } from "../../../proxy/policy/parse.ts";
import { loadPolicy } from "../../../proxy/policy/load.ts";
import { ProblemList } from "../../../proxy/policy/problem.ts";
import { folderWith, POLICIES, writeFiles } from "./fixture.ts";

const names = [
  "default.yaml",
  ...readdirSync(join(POLICIES, "recipes"))
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => `recipes/${name}`),
];
const originals = names.map((name) => readFileSync(join(POLICIES, name), "utf8"));
const faq = readFileSync(join(POLICIES, "recipes/faq/store.yaml"), "utf8");

/** A change of one text: what it does, and two numbers from 0 to 1 that say where. */
interface Change {
  readonly kind: keyof typeof changes;
  readonly one: number;
  readonly other: number;
}

const FRAGMENTS = [
  "&a",
  "*a",
  "<<: *our-prompt",
  "{",
  "}",
  "[",
  "]",
  "- ",
  ": ",
  "\t",
  "'",
  '"',
  "|",
  ">",
  "!!binary",
  "!x",
  "%YAML 1.1\n---\n",
  "---\n",
  "...\n",
  "${A}",
  "${",
  "null",
  "~",
  ".inf",
  "-0",
  "1e999",
  "99999999999999999999999999",
  "0x7fffffffffffffff",
  "2026-11-01T00:00:00Z",
  "true",
  "__proto__: 1",
  "constructor: []",
  "\u0000",
  "\u2028",
  "\ufeff",
  "😀",
  "?",
  "(a+)+$",
];

const changes = {
  flip: (text: string, one: number, other: number) => {
    const at = Math.floor(one * text.length);
    return text.slice(0, at) + String.fromCharCode(Math.floor(other * 128)) + text.slice(at + 1);
  },
  insert: (text: string, one: number, other: number) => {
    const at = Math.floor(one * text.length);
    const fragment = FRAGMENTS[Math.floor(other * FRAGMENTS.length)] ?? "";
    return text.slice(0, at) + fragment + text.slice(at);
  },
  cut: (text: string, one: number, other: number) => {
    const [from, to] = [one, other]
      .map((each) => Math.floor(each * text.length))
      .toSorted((a, b) => a - b);
    return text.slice(0, from) + text.slice(Math.min(to ?? 0, (from ?? 0) + 200));
  },
  truncate: (text: string, one: number) => text.slice(0, Math.floor(one * text.length)),
  dropLine: (text: string, one: number) => withLines(text, one, () => []),
  doubleLine: (text: string, one: number) => withLines(text, one, (line) => [line, line]),
  indent: (text: string, one: number, other: number) =>
    withLines(text, one, (line) => [other < 0.5 ? `  ${line}` : line.replace(/^ {1,2}/, "")]),
  swapLines: (text: string, one: number, other: number) => {
    const lines = text.split("\n");
    const [a, b] = [Math.floor(one * lines.length), Math.floor(other * lines.length)];
    return lines
      .with(a, lines[b] ?? "")
      .with(b, lines[a] ?? "")
      .join("\n");
  },
  replaceValue: (text: string, one: number, other: number) =>
    withLines(text, one, (line) => [
      line.replace(/: .*$/, `: ${FRAGMENTS[Math.floor(other * FRAGMENTS.length)] ?? ""}`),
    ]),
  number: (text: string, one: number, other: number) =>
    withLines(text, one, (line) => [
      line.replace(/\d+/, String(Math.tan(other * 3) * 10 ** Math.floor(other * 30))),
    ]),
  carriage: (text: string) => text.replaceAll("\n", "\r\n"),
  key: (text: string, one: number) =>
    withLines(text, one, (line) => [line.replace(/([a-z_]+):/, "$1x:")]),
} as const;

function withLines(text: string, one: number, change: (line: string) => readonly string[]): string {
  const lines = text.split("\n");
  const chosen = Math.floor(one * lines.length);
  return lines.flatMap((line, at) => (at === chosen ? change(line) : [line])).join("\n");
}

const share = fc.double({ min: 0, max: 0.999_999, noNaN: true });
const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom(
    "flip",
    "insert",
    "cut",
    "truncate",
    "dropLine",
    "doubleLine",
    "indent",
    "swapLines",
    "replaceValue",
    "number",
    "carriage",
    "key",
  ),
  one: share,
  other: share,
});

function spoil(text: string, all: readonly Change[]): string {
  return all.reduce((spoiled, { kind, one, other }) => changes[kind](spoiled, one, other), text);
}

/** Fails unless the outcome is a frozen policy, or problems that each point into one of the files. */
async function expectOutcome(
  path: string,
  texts: ReadonlyMap<string, string>,
): Promise<"good" | "bad"> {
  const loaded = await loadPolicy({ path, env: { A: "1" }, prices: new Map() });
  if (loaded.ok) {
    expect(Object.isFrozen(loaded.policy)).toBe(true);
    return "good";
  }
  expect(loaded.problems.length).toBeGreaterThan(0);
  for (const { file, line, column, message } of loaded.problems) {
    const lines = texts.get(file)?.split("\n");
    expect(lines, file).toBeDefined();
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines?.length ?? 0);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual((lines?.[line - 1]?.length ?? 0) + 1);
    expect(message).not.toMatch(/^Invalid |^$|undefined|\[object/);
  }
  return "bad";
}

test("a thousand spoiled recipes", async () => {
  const folder = folderWith({ "faq/store.yaml": faq });
  const path = join(folder, "policy.yaml");
  const outcomes = { good: 0, bad: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...originals),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      async (original, all) => {
        const text = spoil(original, all);
        writeFiles(folder, { "policy.yaml": text });
        const texts = new Map([
          [path, text],
          [join(folder, "faq/store.yaml"), faq],
        ]);
        outcomes[await expectOutcome(path, texts)] += 1;
      },
    ),
    { numRuns: 1000 },
  );
  expect(outcomes.good).toBeGreaterThan(50);
  expect(outcomes.bad).toBeGreaterThan(400);
}, 180_000);

test("a hundred spoiled FAQ files", async () => {
  const text = "routes: [{ name: a, answer: { faq: faq.yaml } }]\n";
  const folder = folderWith({ "policy.yaml": text });
  const path = join(folder, "policy.yaml");
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (all) => {
      const spoiled = spoil(faq, all);
      writeFiles(folder, { "faq.yaml": spoiled });
      await expectOutcome(
        path,
        new Map([
          [path, text],
          [join(folder, "faq.yaml"), spoiled],
        ]),
      );
    }),
    { numRuns: 100 },
  );
}, 60_000);

test("any text at all is a tree or a problem", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary", maxLength: 300 }),
        fc.array(fc.constantFrom(...FRAGMENTS, " ", "\n", "a")).map((parts) => parts.join("")),
      ),
      (text) => {
        const problems = new ProblemList();
        const tree = parseTree(text, { file: "f", env: {}, problems });
        expect(
          tree !== null ||
            problems.size > 0 ||
            !/[^\s]/.test(text.replace(/#.*|---|\.\.\.|\ufeff/g, "")),
        ).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});
