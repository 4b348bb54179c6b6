/** The recipes with the bundled model and calls as people write them: each route that answers does answer. */
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Explainer } from "../../proxy/cli/explain.ts";
import type { Explanation } from "../../proxy/layers/explain.ts";
import { createExplainer } from "../../proxy/sidecar.ts";

const recipes = resolve(import.meta.dirname, "../../policies/recipes");

const terminal = {
  env: {},
  out: () => undefined,
  err: () => undefined,
  input: () => Promise.resolve(Buffer.alloc(0)),
};

let explainer: Explainer;

function withRecipe(name: string): void {
  beforeAll(async () => {
    explainer = await createExplainer({ policy: [join(recipes, name)], state: "off" }, terminal);
  });
  afterAll(() => explainer.close());
}

function explained(system: string, text: string): Promise<Explanation> {
  const messages = [
    { role: "system", content: system },
    { role: "user", content: text },
  ];
  const bytes = Buffer.from(JSON.stringify({ model: "gpt-4o", messages }));
  return explainer.explain({ kind: "body", bytes, protocol: "openai-chat" });
}

describe("support-desk", () => {
  withRecipe("support-desk.yaml");
  const desk = "You are the Marlow & Finch support assistant.";

  it.each([
    ["hello", "greeting", "Hello, and welcome"],
    ["¡Hola!", "greeting", "¡Hola! Le damos"],
    ["Guten Tag", "greeting", "Guten Tag"],
    ["Bonjour !", "greeting", "Bonjour"],
    ["こんにちは。", "greeting", "こんにちは、"],
    ["Where is my order MF-111222?", "track-order", "You can follow order MF-111222"],
    ["hi, can you track order MF-987654 please", "track-order", "You can follow order MF-987654"],
    ["How do refunds work?", "refund-policy", "You can return anything"],
    ["thank you", "thanks", "You are very welcome"],
  ])("answers %s", async (text, route, start) => {
    const { decision, route: taken, answer } = await explained(desk, text);
    expect([decision, taken]).toEqual(["local", route]);
    expect(answer?.startsWith(start)).toBe(true);
  });

  it.each([
    ["where is my order", "personal"],
    ["cancel order MF-111222", "personal"],
    ["I want to speak to a manager", "escalation"],
    ["where are orders MF-111222 and MF-333444", "everything-else"],
    ["hola, ¿dónde está mi pedido?", "everything-else"],
  ])("forwards %s", async (text, route) => {
    const { decision, route: taken } = await explained(desk, text);
    expect([decision, taken]).toEqual(["forwarded", route]);
  });
});

describe("label-calls", () => {
  withRecipe("label-calls.yaml");
  const kinds = "Classify the kind of request: greeting, faq, translation, math, code, other.";

  it.each([
    ["Classify the sentiment as positive, negative or neutral.", "I love it!", "positive"],
    ["Which queue does this ticket belong to?", "I was charged twice", '{"queue": "finance"}'],
    [`${kinds} Reply with the label only.`, "Message: hello there", "greeting"],
    [
      "How urgent is this ticket: urgent or normal? One word.",
      "What are your opening hours?",
      "normal",
    ],
    [
      "Which language is this? Answer with the ISO 639-1 code.",
      "Das ist wirklich das schlechteste Produkt und ich bin sehr enttäuscht",
      "de",
    ],
  ])("answers %s", async (system, text, wanted) => {
    expect((await explained(system, text)).answer).toBe(wanted);
  });

  it("is silent on a ticket that is like none of the examples", async () => {
    const asked = "How urgent is this ticket: urgent or normal? One word.";
    expect((await explained(asked, "my cat likes the new sofa")).answer).toBeNull();
  });
});
