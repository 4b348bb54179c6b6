/** Policies made from the schema and from the recipes: each is taken or refused with places, and one that is taken judges calls. */
import { strict as assert } from "node:assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as fc from "fast-check";
import { stringify } from "yaml";
import type { Policy } from "../../proxy/core/policy.ts";
import { loadPolicy } from "../../proxy/policy/load.ts";
import { codecOf } from "../../proxy/wire/table.ts";
import { drained, receivedOf, rigOf } from "../support/stack.ts";
import { fromSchema } from "./from-schema.ts";
import type { Fuzz, Prepared } from "./fuzz.ts";
import { mutated } from "./mutation.ts";

const policies = resolve(import.meta.dirname, "../../policies");
const recipes = readdirSync(join(policies, "recipes")).filter((name) => name.endsWith(".yaml"));
const written = ["default.yaml", ...recipes.map((name) => `recipes/${name}`)].map((name) =>
  readFileSync(join(policies, name), "latin1"),
);

const fragments: readonly string[] = [
  ..."{|}|[|]|- |: |\"|'|&a |*a|<<: |!!binary |!x |\t|\n|\0|~|null|.inf|-0|1e999|0x7fffffffffffffff|${A}|${A:-b}|${|$${".split(
    "|",
  ),
  "---\n",
  "? ",
  "|\n",
  ">-\n",
  "#",
  "%YAML 1.1\n---\n",
  "2026-11-01T00:00:00Z",
  "__proto__: 1\n",
  "x-a: &x [*x]\n",
  'text: "(a+)+$"',
  'text: "(?=a)"',
  'text: "[^"',
  "\\u{1F600}",
  `"${"y".repeat(40_000)}"`,
  "limits: { connections: 1, calls: 0, bodies: 0, headers: 16KiB }\n",
  "routes: [{ name: a, answer: { template: a } }]\n",
];

/** Longer than any of these takes on the slowest machine. */
const hangMs = 60_000;

const texts = [
  "hello",
  "返金できますか",
  "I want to speak to a manager about order MF-204518",
  "()[]{}\\".repeat(50),
];

async function judged(policy: Policy): Promise<void> {
  const { send, faults } = rigOf();
  for (const text of texts) {
    const body = { model: "gpt-4o", messages: [{ role: "user", content: text }] };
    const bytes = Buffer.from(JSON.stringify(body));
    const reading = codecOf("openai-chat").read(bytes, []);
    await drained(await send(receivedOf(policy, {}, { reading, body: { kind: "whole", bytes } })));
  }
  assert.deepEqual(faults, []);
}

async function prepare(): Promise<Prepared> {
  const folder = mkdtempSync(join(tmpdir(), "sidestep-fuzz-"));
  const path = join(folder, "policy.yaml");
  const schema: unknown = JSON.parse(readFileSync(join(policies, "schema.json"), "utf8"));
  const text = fc.oneof(
    { weight: 2, arbitrary: mutated(written, fragments) },
    { weight: 2, arbitrary: fromSchema(schema).map((value) => stringify(value)) },
    {
      weight: 1,
      arbitrary: fromSchema(schema).chain((value) => mutated([stringify(value)], fragments)),
    },
  );
  const property = fc.asyncProperty(text, async (given) => {
    writeFileSync(path, given, "latin1");
    const startMs = performance.now();
    const loaded = await loadPolicy({ path, env: { A: "b" } });
    assert.ok(performance.now() - startMs < hangMs, "loading took too long");
    if (loaded.ok) await judged(loaded.policy);
    else assert.ok(loaded.problems.every(({ line, column }) => line > 0 && column > 0));
    if (!loaded.ok) assert.ok(loaded.problems.length > 0);
  });
  return {
    property,
    check: () => Promise.resolve(),
    close: () => Promise.resolve(rmSync(folder, { recursive: true })),
  };
}

/** The fuzz of policies. */
export const policyFuzz: Fuzz = { name: "policy", prepare };
