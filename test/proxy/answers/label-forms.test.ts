/** Label calls whose form is not the bare word: each would be a wrong answer, so each is declined. */
import { describe, expect, it } from "vitest";
import { answerer } from "../../../proxy/answers/registry.ts";
import type { LabelAnswer } from "../../../proxy/core/policy.ts";
import type { JsonObject, RequestView } from "../../../proxy/core/request.ts";
import { knownSignals, modelOf, policyOf, scored, viewOf } from "../../support/builders.ts";

const spec: LabelAnswer = {
  kind: "label",
  head: "sentiment",
  confidence: { op: ">=", value: 0.9 },
  labels: new Map(),
  format: null,
  after: null,
};

async function said(system: string, more: Partial<RequestView> = {}): Promise<string> {
  const known = knownSignals(modelOf());
  if (known.model.kind !== "known") throw new Error("no model");
  const heads = new Map([["sentiment", [scored("positive", 0.97)]]]);
  const classification = { ...known.model.classification, heads };
  const signals = { ...known, model: { ...known.model, classification } };
  const snapshot = { policy: policyOf(), intents: null, faqs: new Map(), isStopped: false };
  const view = viewOf("I love it", { system, ...more });
  const outcome = await answerer.answerWith(spec, { view, signals, snapshot });
  return outcome.kind === "answer" ? outcome.answer.text : outcome.reason;
}

const bare = "Classify the sentiment as positive, negative or neutral.";

describe("a form that is not the bare word", () => {
  it.each([
    "negative (0), neutral (1), positive (2). Reply with the number only.",
    "Classify: 0: negative, 1: neutral, 2: positive. Reply only.",
    "1. positive 2. negative 3. neutral. Reply with the digit only.",
    `${bare} Reply with only the first letter.`,
    `${bare} Answer in uppercase.`,
    `${bare} Answer in Spanish.`,
    `${bare} End with a full stop.`,
    `${bare} Add an emoji.`,
    `${bare} Also give a score.`,
    `${bare} Then write a polite reply.`,
    'Answer "Sentiment: positive|negative|neutral".',
    "Answer `Sentiment: <label>`, the label being positive, negative or neutral.",
    "Reply with <mood>positive|negative|neutral</mood>",
    "Reply with [label], which is positive, negative or neutral.",
    "Label each line as positive, negative or neutral.",
    `${bare} `.repeat(2000),
  ])("is declined: %s", async (system) => {
    expect(await said(system)).toBe("label_format_unknown");
  });

  it.each([
    'Return JSON: {"sentiments": ["positive|negative|neutral"]}',
    'Return a JSON array of {"sentiment": "positive|negative|neutral"}',
    'Return JSON: {"result": {"sentiment": "positive|negative|neutral"}}',
  ])("is declined as JSON, too: %s", async (system) => {
    expect(await said(system, { format: { kind: "json_object" } })).toBe("label_format_unknown");
  });
});

describe("the bare word", () => {
  it.each([
    `${bare} Do not explain your answer.`,
    `${bare} Reply with the label only, no explanation, no punctuation.`,
    `${bare} Answer in lowercase.`,
    'Reply with one of: "positive", "negative", "neutral"',
    "Given the user's message, reply with its mood: positive, negative or neutral.",
    "Reply with one of:\n1. positive\n2. negative\n3. neutral",
  ])("is given where nothing else is asked for: %s", async (system) => {
    expect(await said(system)).toBe("positive");
  });
});

const moods = ["positive", "negative", "neutral"];

async function saidIn(property: JsonObject, more: JsonObject = {}): Promise<string> {
  const schema = { type: "object", properties: { mood: property }, required: ["mood"], ...more };
  return said("Classify.", { format: { kind: "json_schema", name: "x", schema } });
}

describe("an enumeration in the caller's schema", () => {
  it("is found behind references, as the official clients write classes of constants", async () => {
    const definitions = { $defs: { Mood: { type: "string", enum: moods } } };
    expect(await saidIn({ $ref: "#/$defs/Mood" }, definitions)).toBe('{"mood":"positive"}');
    const twice = { $defs: { ...definitions.$defs, A: { $ref: "#/$defs/Mood" } } };
    expect(await saidIn({ $ref: "#/$defs/A" }, twice)).toBe('{"mood":"positive"}');
  });

  it("is found among alternatives of constants", async () => {
    const anyOf = moods.map((mood) => ({ const: mood }));
    expect(await saidIn({ anyOf })).toBe('{"mood":"positive"}');
    expect(await saidIn({ oneOf: anyOf })).toBe('{"mood":"positive"}');
    expect(await saidIn({ anyOf: [...anyOf, { type: "number" }] })).toBe("label_format_unknown");
  });

  it("is not found in circles, in other documents or nowhere", async () => {
    const circle = { $defs: { A: { $ref: "#/$defs/B" }, B: { $ref: "#/$defs/A" } } };
    for (const $ref of ["#/$defs/A", "https://example.com/x", "#/nowhere/at/all"]) {
      expect(await saidIn({ $ref }, circle)).toBe("label_format_unknown");
    }
  });
});
