/** Answer strategies: each answers in the caller's own form, or declines with its reason. */
import { describe, expect, it } from "vitest";
import { answererOf } from "../../../proxy/answers/registry.ts";
import { probability } from "../../../proxy/core/brand.ts";
import type { AnswerSpec } from "../../../proxy/core/policy.ts";
import type { AnswerContext, FaqIndex, FaqMatch } from "../../../proxy/core/ports.ts";
import type { ReplyFormat, RequestView } from "../../../proxy/core/request.ts";
import type { Signals } from "../../../proxy/core/signals.ts";
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

interface Given {
  readonly text?: string;
  readonly view?: Partial<RequestView>;
  readonly signals?: Signals;
  readonly faq?: FaqMatch;
}

function contextOf(given: Given): AnswerContext {
  const index: FaqIndex = {
    match: () =>
      given.faq ?? { kind: "none", reason: "faq_no_match", confidence: probability(0.1) },
    account: () => null,
  };
  return {
    view: viewOf(given.text ?? "hello", given.view),
    signals: given.signals ?? knownSignals(modelOf()),
    snapshot: {
      policy: policyOf(),
      intents: null,
      faqs: new Map([["store.yaml", index]]),
      labels: new Map(),
      isStopped: false,
    },
  };
}

async function said(spec: AnswerSpec, given: Given = {}): Promise<string> {
  const outcome = await answererOf(noGenerator).answerWith(spec, contextOf(given));
  return outcome.kind === "answer" ? outcome.answer.text : outcome.reason;
}

const template = (
  texts: Record<string, string>,
  slots: Record<string, RegExp> = {},
): AnswerSpec => ({
  kind: "template",
  texts: new Map(Object.entries(texts)),
  slots: new Map(Object.entries(slots)),
});
const faq = (more: Partial<Extract<AnswerSpec, { kind: "faq" }>> = {}): AnswerSpec => ({
  kind: "faq",
  file: "store.yaml",
  maxWrong: null,
  confidence: null,
  ...more,
});

describe.each<[string, AnswerSpec, Given]>([
  ["template", template({ "*": "Hello!" }), {}],
  [
    "faq",
    faq(),
    {
      faq: {
        kind: "match",
        id: "1",
        answer: "Five days.",
        confidence: probability(0.95),
        wrong: probability(0.001),
      },
    },
  ],
  [
    "label",
    labelAnswerOf(),
    sentiment("positive", {
      view: { system: "Answer with one word: positive, negative or neutral." },
    }),
  ],
])("every strategy: %s", (_name, spec, given) => {
  it("answers, with an estimate of the tokens it cost", async () => {
    const outcome = await answererOf(noGenerator).answerWith(spec, contextOf(given));
    expect(outcome).toMatchObject({ kind: "answer", answer: { usage: { isEstimate: true } } });
  });

  it("declines when the answer is longer than the caller allows", async () => {
    const view = { ...given.view, maxTokens: 1 };
    expect(await said(spec, { ...given, view })).toBe("answer_too_long");
  });

  it("never gives prose where a schema was asked for", async () => {
    const format: ReplyFormat = {
      kind: "json_schema",
      name: "x",
      schema: { type: "object", properties: { a: { type: "number" } }, required: ["a"] },
    };
    const outcome = await said(spec, { ...given, view: { ...given.view, format } });
    expect(["format_unsatisfied", "label_format_unknown"]).toContain(outcome);
  });
});

describe("template", () => {
  const texts = { en: "Hello!", ja: "こんにちは。" };

  it.each([
    ["en", "Hello!"],
    ["ja", "こんにちは。"],
    ["und", "Hello!"],
    ["de", "template_language_missing"],
  ])("speaks %s: %s", async (language, wanted) => {
    expect(
      await said(template(texts), { signals: knownSignals(modelOf(), cheapOf({ language })) }),
    ).toBe(wanted);
  });

  it("fills slots from the caller's words, and declines when one is empty", async () => {
    const spec = template({ "*": "Order {order} is safe." }, { order: /#(\w+)/ });
    expect(await said(spec, { text: "where is #W123?" })).toBe("Order W123 is safe.");
    expect(await said(spec, { text: "where is it? $&" })).toBe("template_slot_missing");
    expect(await said(template({ "*": "Hi" }, { order: /#(\w+)/ }))).toBe("Hi");
  });
});

describe("faq", () => {
  const match: FaqMatch = {
    kind: "match",
    id: "1",
    answer: "Five days.",
    confidence: probability(0.9),
    wrong: probability(0.01),
  };

  it("gives the index's reason when nothing matches", async () => {
    const none: FaqMatch = { kind: "none", reason: "guard_mismatch", confidence: probability(0.9) };
    expect(await said(faq(), { faq: none })).toBe("guard_mismatch");
  });

  it("holds to the route's own confidence", async () => {
    expect(await said(faq({ confidence: { op: ">=", value: 0.9 } }), { faq: match })).toBe(
      "Five days.",
    );
    expect(await said(faq({ confidence: { op: ">", value: 0.9 } }), { faq: match })).toBe(
      "faq_no_match",
    );
  });

  it("declines without a model or an index", async () => {
    const signals: Signals = { cheap: cheapOf(), model: { kind: "unasked" } };
    expect(await said(faq(), { faq: match, signals })).toBe("model_unavailable");
    expect(await said(faq({ file: "other.yaml" }), { faq: match })).toBe("model_unavailable");
  });
});

function sentiment(word: string, more: Given = {}, confidence = 0.95): Given {
  const signals = knownSignals(modelOf());
  if (signals.model.kind !== "known") throw new Error("no model");
  const heads = new Map([["sentiment", [scored(word, confidence)]]]);
  const classification = { ...signals.model.classification, heads };
  return { signals: { ...signals, model: { ...signals.model, classification } }, ...more };
}

const labelled = (system: string, word = "positive", view: Partial<RequestView> = {}): Given =>
  sentiment(word, { view: { system, ...view } });

describe("label", () => {
  it.each([
    ["Reply with one of: positive, negative, neutral.", "positive"],
    [
      "Classify the sentiment as Positive, Negative or Neutral. Answer with the label only.",
      "Positive",
    ],
    ["Output exactly one word: POSITIVE / NEGATIVE / NEUTRAL", "POSITIVE"],
    ["Choose only one of:\n- pos\n- neg\n- neu", "pos"],
    ['Respond with "positive", "negative", or "neutral" and nothing else.', "positive"],
    ['Return JSON like {"sentiment": "positive|negative|neutral"}.', '{"sentiment":"positive"}'],
  ])("uses the application's own word and form: %s", async (system, wanted) => {
    expect(await said(labelAnswerOf(), labelled(system))).toBe(wanted);
  });

  it.each([
    ["Reply with one of: positive, negative, neutral, mixed.", "label_foreign"],
    ["Reply with one of: mixed, positive, negative, neutral.", "label_foreign"],
    ["Only one of: very positive, positive, negative, neutral", "label_format_unknown"],
    [
      "Say positive or negative, then POSITIVE or NEGATIVE again; one word.",
      "label_format_unknown",
    ],
    ["Classify as positive, negative or neutral and explain why.", "label_format_unknown"],
    ["Classify the sentiment of this review.", "label_format_unknown"],
    ["Are these positive, negative or neutral vibes?", "label_format_unknown"],
    ['Return JSON {"sentiment": "positive|negative|neutral", "score": 1}', "label_format_unknown"],
  ])("declines where the form is not plain: %s", async (system, wanted) => {
    expect(await said(labelAnswerOf(), labelled(system))).toBe(wanted);
  });

  it("declines a label that the application does not offer, and one that is unsure", async () => {
    const system = "Answer with one word: positive or negative.";
    expect(await said(labelAnswerOf(), labelled(system, "neutral"))).toBe("label_not_offered");
    expect(await said(labelAnswerOf(), sentiment("positive", { view: { system } }, 0.89))).toBe(
      "label_unsure",
    );
    expect(
      await said(labelAnswerOf({ confidence: { op: ">", value: 0.95 } }), labelled(system)),
    ).toBe("label_unsure");
  });

  it("uses the words and the format that the policy states", async () => {
    const labels = new Map([
      ["positive", "+1"],
      ["negative", "-1"],
    ]);
    expect(await said(labelAnswerOf({ labels }), labelled("Rate it."))).toBe("+1");
    expect(await said(labelAnswerOf({ labels }), labelled("Rate it.", "neutral"))).toBe(
      "label_not_offered",
    );
    expect(await said(labelAnswerOf({ labels, format: "<{label}>" }), labelled("Rate it."))).toBe(
      "<+1>",
    );
    expect(await said(labelAnswerOf({ format: "s={label}" }), labelled("Rate it."))).toBe(
      "s=positive",
    );
  });

  it("answers with a JSON object where one was asked for", async () => {
    const format = { kind: "json_object" } as const;
    const system = 'Reply as JSON {"mood": ...}, mood being one of positive, negative, neutral.';
    expect(await said(labelAnswerOf(), labelled(system, "negative", { format }))).toBe(
      '{"mood":"negative"}',
    );
    expect(
      await said(
        labelAnswerOf({ format: '{"m":"{label}"}' }),
        labelled(system, "negative", { format }),
      ),
    ).toBe('{"m":"negative"}');
    expect(
      await said(labelAnswerOf({ format: "{label}" }), labelled(system, "negative", { format })),
    ).toBe("format_unsatisfied");
    expect(
      await said(labelAnswerOf({ format: "[1]" }), labelled(system, "negative", { format })),
    ).toBe("format_unsatisfied");
    expect(
      await said(
        labelAnswerOf(),
        labelled("JSON. positive, negative or mixed?", "negative", { format }),
      ),
    ).toBe("label_foreign");
    expect(
      await said(labelAnswerOf(), labelled("JSON. positive or negative?", "neutral", { format })),
    ).toBe("label_not_offered");
  });

  it.each([
    [{ enum: ["Positive", "Negative", "Neutral"] }, '{"label":"Positive"}'],
    [{ type: "string" }, "label_format_unknown"],
    [{ enum: ["good", "bad"] }, "label_foreign"],
    [{ enum: ["negative", "neutral"] }, "label_not_offered"],
    [{ enum: ["positive", "negative"], minLength: 20 }, "format_unsatisfied"],
    [{ enum: ["positive", "negative"], $ref: "#/nowhere" }, "format_unsatisfied"],
    [{ enum: [1, 2] }, "label_format_unknown"],
  ])("fills the caller's own schema, validated: %j", async (property, wanted) => {
    const schema = {
      type: "object",
      properties: { label: property },
      required: ["label"],
      additionalProperties: false,
    };
    const format: ReplyFormat = { kind: "json_schema", name: "x", schema };
    expect(await said(labelAnswerOf(), labelled("Classify.", "positive", { format }))).toBe(wanted);
  });

  it("prefers the policy's word where the schema lists it", async () => {
    const schema = { type: "object", properties: { label: { enum: ["good", "bad"] } } };
    const format: ReplyFormat = { kind: "json_schema", name: "x", schema };
    const labels = new Map([["positive", "good"]]);
    expect(
      await said(labelAnswerOf({ labels }), labelled("Classify.", "positive", { format })),
    ).toBe('{"label":"good"}');
  });

  it("names the policy's own intents as the prompt writes them", async () => {
    const intent = {
      ...scored("order_status", 0.97),
      margin: 0.5,
      wrong: probability(0.01),
      guard: false,
      by: "meaning" as const,
    };
    const signals = knownSignals(modelOf({ intent }));
    const view = { system: "Return only the intent: Order Status, Refund, Other." };
    expect(
      await said(labelAnswerOf({ head: "intent", names: ["order_status", "refund"] }), {
        signals,
        view,
      }),
    ).toBe("Order Status");
    const other = { system: "Return only the intent: billing, refund." };
    expect(
      await said(labelAnswerOf({ head: "intent", names: ["order_status", "refund"] }), {
        signals,
        view: other,
      }),
    ).toBe("label_foreign");
  });

  it("declines without a model", async () => {
    const signals: Signals = {
      cheap: cheapOf(),
      model: { kind: "failed", reason: "decision_timeout" },
    };
    const view = { system: "Classify." };
    expect(await said(labelAnswerOf(), { signals, view })).toBe("model_unavailable");
    expect(await said(labelAnswerOf({ head: "nonesuch" }), { view })).toBe("model_unavailable");
  });
});
