/** Label calls whose form is not the bare word: each would be a wrong answer, so each is declined. */
import { describe, expect, it } from "vitest";
import { answererOf } from "../../../proxy/answers/registry.ts";
import type { LabelAnswer } from "../../../proxy/core/policy.ts";
import type { JsonObject, RequestView } from "../../../proxy/core/request.ts";
import { labelCallOf } from "../../../proxy/wire/label-call.ts";
import {
  cheapOf,
  knownSignals,
  labelAnswerOf,
  modelOf,
  noGenerator,
  policyOf,
  scored,
  viewOf,
} from "../../support/builders.ts";

const spec = labelAnswerOf();

const moods = ["positive", "negative", "neutral"];

async function said(
  system: string,
  more: Partial<RequestView> = {},
  of: LabelAnswer = spec,
): Promise<string> {
  const known = knownSignals(modelOf());
  if (known.model.kind !== "known") throw new Error("no model");
  const heads = new Map([
    ["sentiment", moods.map((label) => scored(label, label === "positive" ? 0.97 : 0.01))],
    ["task", [scored("greeting", 0.97), ...tasks.map((label) => scored(label, 0.001))]],
  ]);
  const snapshot = {
    policy: policyOf(),
    intents: null,
    faqs: new Map(),
    labels: new Map(),
    isStopped: false,
  };
  const view = viewOf("I love it", { system, ...more });
  const { text } = labelCallOf(of, view);
  const part = text === null ? null : { text, cheap: cheapOf() };
  const classification = { ...known.model.classification, heads };
  const signals = { ...known, part, model: { ...known.model, classification } };
  const outcome = await answererOf(noGenerator).answerWith(of, { view, signals, snapshot });
  return outcome.kind === "answer" ? outcome.answer.text : outcome.reason;
}

const tasks = ["faq", "translation", "summarization", "math", "code", "other"];

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
    `${bare} Rate from 1 to 5.`,
    "Classify the sentiment towards the delivery as positive, negative or neutral. One word.",
    `${bare} One word. Focus on the price.`,
    `${bare} One word, from the point of view of the seller.`,
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

describe("several texts in one turn", () => {
  it.each([
    "Review 1: I love it\nReview 2: I hate it",
    "1. I love it\n2. I hate it",
    "[1] I love it [2] I hate it",
    "- I love it\n- I hate it",
    "Review: I love it\nReview: I hate it",
  ])("have no label together: %s", async (text) => {
    expect(["label_format_unknown", "label_text_unclear"]).toContain(await said(bare, { text }));
  });

  it.each(["I love it. 10 out of 10!", "Review: I love it", "1. I love it", "I love it - truly"])(
    "are another thing than one text: %s",
    async (text) => {
      expect(await said(bare, { text })).toBe("positive");
    },
  );
});

describe("labels that are words for a form, too", () => {
  const task: LabelAnswer = { ...spec, head: "task", names: ["greeting", ...tasks] };
  const list = "greeting, faq, translation, summarization, math, code, other";

  it("are no wish for that form where they stand in the list", async () => {
    expect(await said(`Classify: ${list}. Reply with the label only.`, {}, task)).toBe("greeting");
    expect(await said("One of: code | math | greeting", {}, task)).toBe("greeting");
  });

  it("are one anywhere else", async () => {
    for (const wish of ["Reply with the code.", "Add a translation.", "Then the summarization."]) {
      expect(await said(`Classify: ${list}. ${wish}`, {}, task)).toBe("label_format_unknown");
    }
  });
});

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
