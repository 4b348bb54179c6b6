/** The generated files (JSON Schemas, key tables of the reference) are what the code says, and the shipped policies keep to them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@cfworker/json-schema";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { priceOf } from "../../../proxy/policy/prices.ts";
import { loadPolicy } from "../../../proxy/policy/load.ts";
import { formatProblem } from "../../../proxy/policy/problem.ts";
import { driftedFiles, faqJsonSchema, policyJsonSchema } from "../../../scripts/schema.ts";
import { POLICIES, problemsOf } from "./fixture.ts";

const recipes = readdirSync(join(POLICIES, "recipes"))
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => `recipes/${name}`);
const shipped = ["default.yaml", "prices.yaml", ...recipes];

function read(name: string): string {
  return readFileSync(join(POLICIES, name), "utf8");
}

test("the generated files have not drifted (node scripts/schema.ts writes them)", () => {
  expect(driftedFiles()).toEqual([]);
});

describe("every shipped policy", () => {
  test.each(shipped)("%s loads without a problem and with nothing set", async (name) => {
    const loaded = await loadPolicy({ path: join(POLICIES, name), env: {} });
    expect(loaded.ok ? [] : loaded.problems.map(formatProblem)).toEqual([]);
  });

  test.each(shipped)("%s keeps to the JSON Schema that its first line names", (name) => {
    const text = read(name);
    const [, schema = ""] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    expect(JSON.parse(readFileSync(join(POLICIES, name, "..", schema), "utf8"))).toEqual(
      JSON.parse(JSON.stringify(policyJsonSchema())),
    );
    const result = new Validator({ ...policyJsonSchema() }, "7").validate(
      parse(text, { merge: true }),
    );
    expect(result.errors).toEqual([]);
  });

  test("the recipes are the four that the reference names", () => {
    expect(recipes).toEqual([
      "recipes/cache-only.yaml",
      "recipes/cheap-to-strong.yaml",
      "recipes/label-calls.yaml",
      "recipes/support-desk.yaml",
    ]);
  });
});

test("the support desk's FAQ keeps to its schema and is worth its name", async () => {
  const text = read("recipes/faq/store.yaml");
  expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/\.\.\/faq\.schema\.json\n/);
  expect(new Validator({ ...faqJsonSchema() }, "7").validate(parse(text)).errors).toEqual([]);
  const loaded = await loadPolicy({ path: join(POLICIES, "recipes/support-desk.yaml"), env: {} });
  const entries = loaded.ok ? loaded.policy.faqs.get("faq/store.yaml")?.entries : undefined;
  expect(entries?.length).toBeGreaterThanOrEqual(25);
  expect(entries?.filter((entry) => entry.questions.length < 3)).toEqual([]);
  expect(entries?.filter((entry) => entry.language === "ja").length).toBeGreaterThan(2);
  const questions = entries?.flatMap((entry) => entry.questions) ?? [];
  expect(new Set(questions).size).toBe(questions.length);
});

test("the default policy answers, keeps and serves nothing by itself", async () => {
  const loaded = await loadPolicy({ path: join(POLICIES, "default.yaml"), env: {} });
  expect(loaded).toMatchObject({
    policy: {
      mode: "observe",
      cache: { mode: "off" },
      outage: { staleMs: 0, answer: false },
    },
  });
  expect(loaded.ok && loaded.policy.targets.size).toBe(0);
  const routes = loaded.ok ? loaded.policy.routes : [];
  expect(routes.filter((route) => route.mode !== null || route.cache !== null)).toEqual([]);
});

test("the models of the recipes have a price", async () => {
  const loaded = await loadPolicy({
    path: join(POLICIES, "recipes/cheap-to-strong.yaml"),
    env: {},
  });
  if (!loaded.ok) throw new Error("has problems");
  for (const { model, price } of loaded.policy.targets.values()) {
    expect(priceOf(loaded.policy.prices, model ?? "")).toMatchObject({
      input: price?.input,
      output: price?.output,
    });
  }
});

describe("editors are told", () => {
  const validator = new Validator({ ...policyJsonSchema() }, "7");
  test.each<[boolean, unknown]>([
    [true, {}],
    [true, { version: 1, "x-own": [1], routes: [{ name: "a", forward: null }] }],
    [true, { mode: "${MODE:-observe}", limits: { decision: "${WAIT}", queue: "${QUEUE}" } }],
    [true, { deny: { tools: true }, cache: "off", model: null }],
    [true, { deny: [{ any: [{ not: { task: "faq" } }, { task: ["faq", "code"] }] }] }],
    [false, []],
    [false, { mod: "observe" }],
    [false, { mode: "enforc" }],
    [false, { version: 2 }],
    [false, { limits: [1] }],
    [false, { limits: { decision: "50y" } }],
    [false, { limits: { queue: 0 } }],
    [false, { routes: [{ forward: {} }] }],
    [false, { routes: [{ name: "a", when: { any: [{ tasks: "faq" }] } }] }],
    [false, { routes: [{ name: "a", answer: { faq: 3 } }] }],
    [false, { deny: [{ task: "greting" }] }],
    [false, { deny: [{ confidence: "high" }] }],
    [false, { providers: { v1: { url: "http://h" } } }],
    [false, { providers: { own: { url: "ftp://h" } } }],
  ])("%s: %j", (isValid, value) => {
    expect(validator.validate(value).valid).toBe(isValid);
  });
});

test("every key has a sentence for editors", () => {
  const missing: string[] = [];
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    for (const [word, value] of Object.entries(schema)) {
      walk(value, `${path}.${word}`);
      if (!path.endsWith(".properties")) continue;
      const isTold = typeof value === "object" && value !== null && "description" in value;
      if (!isTold) missing.push(`${path}.${word}`);
    }
  };
  walk(policyJsonSchema(), "policy");
  walk(faqJsonSchema(), "faq");
  expect(missing).toEqual([]);
});

describe("the reference", () => {
  const guide = readFileSync(join(POLICIES, "../docs/policy.md"), "utf8");
  const blocks = [...guide.matchAll(/^```(yaml(?: faq)?)\n([^]*?)^```$/gm)];
  const faq = blocks.find(([, kind]) => kind === "yaml faq")?.[2] ?? "";
  const examples = blocks.flatMap(([, kind, text = ""]) => (kind === "yaml" ? [text] : []));

  test.each(examples)("has an example that loads: %s", async (text) => {
    expect(await problemsOf(text, { "faq/store.yaml": faq })).toEqual([]);
  });

  test("has examples of every top-level key", () => {
    expect(examples.length).toBeGreaterThan(10);
    const shown = new Set(examples.flatMap((text) => text.match(/^[a-z_]+(?=:)/gm) ?? []));
    const keys = Object.keys({ ...Object(policyJsonSchema()["properties"]) });
    expect(keys.filter((key) => !shown.has(key))).toEqual([]);
  });

  test("names only files that exist", () => {
    const links = [...guide.matchAll(/\]\(([^)#]+)\)/g)].map(([, path = ""]) => path);
    expect(links.length).toBeGreaterThan(5);
    const missing = links.filter((path) => !existsSync(join(POLICIES, "../docs", path)));
    expect(missing).toEqual([]);
  });
});
