/** What `explain` says would have changed a decision does change it, tried with a policy that is written so. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { bareGeneration, nextGeneration, type Generation } from "../../proxy/assemble.ts";
import { layGround, type Ground } from "../../proxy/ground.ts";
import type { Explanation } from "../../proxy/layers/explain.ts";
import { questionAsCall } from "../../proxy/layers/question.ts";
import type { Change } from "../../proxy/layers/remedy.ts";
import { loadPolicy } from "../../proxy/policy/load.ts";

const faq = `entries:
  - { id: delivery, q: [How much is delivery?, what does shipping cost], answer: Four dollars. }
  - { id: returns, q: [How do I return something?, how can I send it back], answer: With the label. }
  - { id: gift, q: [Do you wrap gifts?], answer: "Yes." }
`;

const policies = [
  `intents:
  refund_policy: [how do refunds work, can I get my money back, what is your refund policy]
  refund_status: [where is my refund, my refund has not arrived, when will I see my refund]
routes:
  - name: greeting
    when: { task: greeting, confidence: ">= 0.9999", turns: 1 }
    answer: { template: Hello! }
  - name: refunds
    when: { intent: refund_policy, max_wrong: 0.1%, system: any }
    answer: { template: Refunds take five days. }
  - name: short
    when: { text: refund, length: "<= 10" }
    forward: {}
  - name: faq
    when: { complexity: "<= 0.05", max_wrong: 0.1% }
    answer: { faq: FAQ }
  - name: rest
    forward: {}
`,
  `routes:
  - name: angry
    when: { any: [{ sentiment: negative, confidence: ">= 0.9999" }, { complexity: "> 0.9" }] }
    forward: {}
  - name: calm
    when: { not: { complexity: ">= 0.001" }, task: [faq, order_status, other, greeting] }
    answer: { template: One moment. }
  - name: faq
    when: { in_scope: ">= 0.99999" }
    answer: { faq: FAQ, max_wrong: 5%, confidence: ">= 0.99" }
  - name: mood
    when: { text: "day|hate|order" }
    answer: { label: sentiment, confidence: ">= 0.9999", labels: { positive: a, negative: b, neutral: c } }
`,
  `routes:
  - name: urgency
    when: { text: "[a-z]" }
    answer:
      label:
        urgent: [the system is down right now, nothing works and customers wait, I need this fixed now]
        normal: [how do I change my e-mail, which colours are there, what are your opening hours]
      confidence: ">= 0.97"
      max_wrong: 0.1%
      labels: { urgent: u, normal: n }
  - name: chat
    when: { turns: "<= 1", task: greeting, confidence: ">= 0.5", injection: "<= 0.0000001" }
    answer: { template: Hi. }
  - name: rest
    forward: {}
`,
];

const texts = [
  "hello",
  "hi there, good morning",
  "how do refunds work?",
  "how do I get a refund",
  "I want to know how refunds are done",
  "How much is delivery?",
  "what is the cost of the delivery",
  "what would shipping cost me",
  "how do I send something back",
  "I hate this, the worst product ever",
  "What a wonderful day, thanks!",
  "where is my order",
  "the servers are down and customers are waiting!!",
  "which opening hours do you have",
];

let ground: Ground;
let generation: Generation;
let folder = "";

async function take(yaml: string): Promise<void> {
  const path = join(folder, "policy.yaml");
  await writeFile(path, yaml.replaceAll("FAQ", "faq.txt"));
  const loaded = await loadPolicy({ path, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  generation = await nextGeneration(ground, loaded.policy, generation);
}

async function told(text: string): Promise<Explanation> {
  const call = questionAsCall({ kind: "text", text }, generation.live.snapshot);
  if (call === null) throw new Error("no call");
  return generation.explain(call);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sidestep-explain-"));
  await writeFile(join(folder, "faq.txt"), faq);
  const path = resolve(import.meta.dirname, "../../policies/default.yaml");
  const loaded = await loadPolicy({ path, env: {} });
  if (!loaded.ok) throw new Error("the default policy is invalid");
  ground = await layGround(
    { env: { SIDESTEP_LOG_LEVEL: "error" }, caFiles: [], state: "off" },
    loaded.policy,
  );
  generation = bareGeneration(ground, loaded.policy);
});

afterAll(async () => {
  await generation.classifier?.close();
  await ground.upstream.close();
  await ground.log.close();
  await rm(folder, { recursive: true, force: true });
});

type Written = Record<string, unknown>;

function isMap(value: unknown): value is Written {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The policy's text with one route changed as it is told. */
function withChanges(yaml: string, route: string, changes: readonly Change[]): string {
  const policy: unknown = parse(yaml);
  const routes: unknown = isMap(policy) ? policy["routes"] : [];
  const found: unknown = Array.isArray(routes)
    ? routes.find((one: unknown) => isMap(one) && one["name"] === route)
    : null;
  if (!isMap(found)) throw new Error(route);
  for (const change of changes) set(found, change);
  return stringify(policy);
}

function set(route: Written, { key, in: place, isNested, to }: Change): void {
  const when = isMap(route["when"]) ? route["when"] : {};
  const answer = isMap(route["answer"]) ? route["answer"] : {};
  route["when"] = when;
  if (isNested) {
    const holder = holderOf(when, key);
    if (holder === null) throw new Error(key);
    holder[key] = to;
    return;
  }
  // A FAQ's bounds may be written among the conditions.
  const isInWhen = place === "when" || ("faq" in answer && !(key in answer) && key in when);
  (isInWhen ? when : answer)[key] = to;
}

function holderOf(value: unknown, key: string): Written | null {
  if (Array.isArray(value))
    return value.map((one) => holderOf(one, key)).find((one) => one !== null) ?? null;
  if (!isMap(value)) return null;
  if (key in value) return value;
  return (
    Object.values(value)
      .map((one) => holderOf(one, key))
      .find((one) => one !== null) ?? null
  );
}

describe("what would have changed the decision", () => {
  it.each(policies.map((yaml, at) => [at + 1, yaml] as const))(
    "does, under policy %i",
    { timeout: 120_000 },
    async (_at, body) => {
      const yaml = `model: support-v1\nlimits: { decision: 5s }\n${body}`;
      await take(yaml);
      const all: { text: string; route: string; changes: readonly Change[]; outcome: unknown }[] =
        [];
      for (const text of texts) {
        const { decision, route, routes } = await told(text);
        for (const { route: name, change } of routes) {
          if (change === null) continue;
          expect(change.outcome).not.toEqual({ decision, route });
          all.push({ text, route: name, changes: change.changes, outcome: change.outcome });
        }
      }
      expect(all.length).toBeGreaterThan(texts.length / 2);
      for (const { text, route, changes, outcome } of all) {
        await take(withChanges(yaml, route, changes));
        const next = await told(text);
        expect({ decision: next.decision, route: next.route }, text).toEqual(outcome);
      }
    },
  );
});

const desk = `model: support-v1
limits: { decision: 5s }
deny:
  - { text: secret }
routes:
  - name: greeting
    when: { task: greeting, confidence: ">= 0.9" }
    answer: { template: Hello! }
  - name: calm
    when: { confidence: ">= 0.2", task: [faq, other, order_status], in_scope: ">= 0.9999999" }
    answer: { template: One moment. }
  - name: faq
    when: { complexity: "<= 0.9" }
    answer: { faq: FAQ, max_wrong: 1% }
  - name: rest
    forward: {}
`;

describe("an explanation", () => {
  it("tells every head with the next best label, its margin, and the bounds on it", async () => {
    await take(desk);
    const { heads } = await told("hello");
    expect(heads.map(({ head }) => head).toSorted()).toEqual([
      "difficulty",
      "emotion",
      "in_scope",
      "injection",
      "sentiment",
      "task",
    ]);
    for (const { head, confidence, second, margin } of heads) {
      if (head !== "task" && head !== "sentiment") continue;
      expect(margin).toBeCloseTo(confidence - (second?.confidence ?? Number.NaN), 6);
    }
    const [task] = heads.filter(({ head }) => head === "task");
    expect(task?.bounds).toEqual([
      {
        route: "greeting",
        key: "confidence",
        bound: ">= 0.9",
        isMet: true,
        by: expect.closeTo((task?.confidence ?? 0) - 0.9, 6),
      },
    ]);
  });

  it.each([
    ["Do you not wrap gifts?", "negation", "a negation is in the question and not in the match"],
    [
      "How much is delivery to France?",
      "entity",
      '"france" is in the question and not in the match',
    ],
  ])("says which words the guard objects to: %s", async (text, kind, because) => {
    await take(desk);
    const { matches, routes } = await told(text);
    expect(matches).toMatchObject([{ with: "faq", name: "faq.txt", guard: { kind, because } }]);
    expect(routes.find(({ route }) => route === "faq")).toMatchObject({
      outcome: "declined",
      failed: [{ key: "guard", because: `the pair guard objects: ${because}` }],
      change: null,
    });
  });

  it("tells the nearest sentence, the second class and how far they are apart", async () => {
    await take(desk);
    const { matches, decision } = await told("How much is delivery");
    expect(decision).toBe("local");
    const [match] = matches;
    expect(match).toMatchObject({
      best: { name: "delivery", sentence: "How much is delivery?", isMeant: true },
      isExact: true,
      guard: null,
      bounds: [{ route: "faq", key: "max_wrong", bound: "1%", isMet: true }],
    });
    expect(match?.margin).toBeCloseTo(
      (match?.best.similarity ?? 0) - (match?.second?.similarity ?? 0),
      6,
    );
  });

  it("tells no change where none of a bound would do: another kind of call, or one that is denied", async () => {
    await take(desk);
    const [greeting, calm] = (await told("How much is delivery")).routes;
    expect(greeting).toMatchObject({ outcome: "passed", change: null });
    expect(greeting?.failed[0]).toMatchObject({ key: "task", value: null, wanted: null });
    expect(calm).toMatchObject({ change: { changes: [{ key: "in_scope", was: ">= 0.9999999" }] } });
    const denied = await told("hello secret");
    expect(denied.routes.map(({ change }) => change)).toEqual(denied.routes.map(() => null));
  });

  it("has the fields that docs/explain.md lists, and no model's part where none was asked", async () => {
    await take("model: support-v1\nroutes: [{ name: all, forward: {} }]\n");
    const page = await readFile(resolve(import.meta.dirname, "../../docs/explain.md"), "utf8");
    const explanation = await told("hello");
    for (const field of Object.keys(explanation)) expect(page).toMatch(new RegExp(`\`${field}\\b`));
    expect(explanation).toMatchObject({ heads: [], matches: [], signals: { model: null } });
  });
});
