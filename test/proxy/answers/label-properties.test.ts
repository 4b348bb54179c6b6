/** What no wording of a label call may lead to: a label that was not offered, or one beside a label nobody here knows. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answererOf } from "../../../proxy/answers/registry.ts";
import type { LabelAnswer } from "../../../proxy/core/policy.ts";
import type { RequestView, Turn } from "../../../proxy/core/request.ts";
import { signalReaders } from "../../../proxy/signals/registry.ts";
import { labelCallOf } from "../../../proxy/wire/label-call.ts";
import {
  cheapOf,
  knownSignals,
  modelOf,
  noGenerator,
  policyOf,
  scored,
  viewOf,
} from "../../support/builders.ts";

const moods = ["negative", "neutral", "positive"];
const base: LabelAnswer = {
  kind: "label",
  head: "sentiment",
  names: moods,
  own: null,
  confidence: { op: ">=", value: 0.9 },
  maxWrong: null,
  labels: new Map(),
  format: null,
  after: null,
};

/** The answer for a text that the model takes for `label`, or the reason for none. */
async function said(
  label: string,
  view: RequestView,
  spec: LabelAnswer = base,
): Promise<{ kind: string; text: string }> {
  const intent = {
    ...scored(label, 0.97),
    margin: 0.5,
    wrong: scored("", 0.01).confidence,
    guard: false,
    by: "meaning" as const,
  };
  const known = knownSignals(modelOf({ intent }));
  if (known.model.kind !== "known") throw new Error("no model");
  const heads = new Map([[spec.head, [scored(label, 0.97)]]]);
  const classification = { ...known.model.classification, heads };
  const { text } = labelCallOf(spec, view);
  const part = text === null ? null : { text, cheap: cheapOf() };
  const signals = { ...known, part, model: { ...known.model, classification } };
  const snapshot = {
    policy: policyOf(),
    intents: null,
    faqs: new Map(),
    labels: new Map(),
    isStopped: false,
  };
  const outcome = await answererOf(noGenerator).answerWith(spec, { view, signals, snapshot });
  return {
    kind: outcome.kind,
    text: outcome.kind === "answer" ? outcome.answer.text : outcome.reason,
  };
}

const mood = fc.constantFrom(...moods);
const casing = fc.constantFrom(
  (word: string) => word,
  (word: string) => word.toUpperCase(),
  (word: string) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`,
);
const joint = fc.constantFrom(", ", " | ", "/", "\n- ", " or ");
const foreign = fc.constantFrom(
  "mixed",
  "other",
  "unknown",
  "sarcastic",
  "ambiguous",
  "joy",
  "very positive",
  "none",
  "spam",
  "gemischt",
  "n/a",
);

function listOf(words: readonly string[], between: string): string {
  const start = between.startsWith("\n") ? between : "";
  return `Reply with exactly one of: ${start}${words.join(between)}`;
}

describe("a list of labels", () => {
  it("is answered from, in its own spelling, and never with a label it does not hold", async () => {
    await fc.assert(
      fc.asyncProperty(
        mood,
        fc.shuffledSubarray(moods, { minLength: 2 }),
        casing,
        joint,
        async (label, offered, spell, between) => {
          const words = offered.map(spell);
          const view = viewOf("I love it", { system: listOf(words, between) });
          const { kind, text } = await said(label, view);
          expect(kind === "answer" ? words : ["label_not_offered"]).toContain(text);
          expect(kind === "answer").toBe(offered.includes(label));
        },
      ),
    );
  });

  it("with a label that nobody here knows is not answered from, wherever that one stands", async () => {
    await fc.assert(
      fc.asyncProperty(
        mood,
        fc.shuffledSubarray(moods, { minLength: 2 }),
        fc.tuple(foreign, fc.nat(3)),
        joint,
        async (label, offered, [word, at], between) => {
          const words = offered.toSpliced(at, 0, word);
          const system = listOf(words, between);
          expect((await said(label, viewOf("I love it", { system }))).kind).toBe("decline");
          const schema = { type: "object", properties: { a: { enum: words } }, required: ["a"] };
          const format = { kind: "json_schema", name: "x", schema } as const;
          const view = viewOf("I love it", { system: "Classify.", format });
          expect((await said(label, view)).kind).toBe("decline");
        },
      ),
    );
  });

  it("of intents may hold a way out, and no intent that the policy does not have", async () => {
    const names = ["billing", "order_status", "returns"];
    const spec = { ...base, head: "intent", names };
    const ways = fc.constantFrom(null, "other", "none of the above", "fraud", "complaints");
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), ways, joint, async (label, way, between) => {
        const words = ["Billing", "Order Status", "Returns", ...(way === null ? [] : [way])];
        const { kind } = await said(label, viewOf("x", { system: listOf(words, between) }), spec);
        const isKnown = way === null || way === "other" || way === "none of the above";
        expect(kind).toBe(isKnown ? "answer" : "decline");
      }),
    );
  });
});

describe("examples of earlier turns", () => {
  const frame = fc.constantFrom(["", ""], ["Label: ", ""], ['{"m": "', '"}'], ["", "."]);

  it("give the reply's form to the letter, or silence", async () => {
    const shown = fc.array(mood, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(mood, shown, casing, frame, async (label, labels, spell, [start, end]) => {
        const turns: Turn[] = labels.flatMap((one, at) => [
          { role: "user", text: `text ${at}` },
          { role: "assistant", text: `${start}${spell(one)}${end}` },
        ]);
        const text = "I love it";
        const view = viewOf(text, {
          system: "Label it.",
          turns: [...turns, { role: "user", text }],
        });
        const { kind, text: reply } = await said(label, view);
        const isShown = labels.includes(label);
        expect(reply).toBe(isShown ? `${start}${spell(label)}${end}` : "label_not_offered");
        expect(kind).toBe(isShown ? "answer" : "decline");
      }),
    );
  });
});

describe("a text half in one language and half in another", () => {
  const sentences: readonly (readonly string[])[] = [
    ["I really do not know how to change the address of my order", "en"],
    ["Ich möchte wissen wann meine Bestellung kommt und wie ich sie ändern kann", "de"],
    ["Je voudrais savoir où est ma commande et pourquoi elle n'est pas arrivée", "fr"],
    ["Quiero saber dónde está mi pedido y cuándo lo puedo tener en mi casa", "es"],
    ["Chcę wiedzieć gdzie jest moje zamówienie i kiedy już będzie u mnie", "pl"],
    ["注文した商品がまだ届いていないのですが、どうなっていますか", "ja"],
    ["주문한 상품이 아직 도착하지 않았는데 언제 오나요", "ko"],
  ];

  it("is told for neither, and each whole sentence never for another language", () => {
    const pick = fc.constantFrom(...sentences);
    fc.assert(
      fc.property(pick, pick, ([one = "", tag = ""], [other = "", second = ""]) => {
        const whole = signalReaders.readCheap(viewOf(one), policyOf());
        expect(whole.languageConfidence < 0.9 || whole.language === tag).toBe(true);
        if (tag === second) return;
        const both = signalReaders.readCheap(viewOf(`${one}. ${other}`), policyOf());
        expect(both.languageConfidence).toBeLessThan(0.9);
      }),
    );
  });
});
