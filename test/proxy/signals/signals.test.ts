/** Signals: what is measured of a call, and the complexity that they make together. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { probability, score } from "../../../proxy/core/brand.ts";
import type { CheapSignals, Classification } from "../../../proxy/core/signals.ts";
import { signalReaders } from "../../../proxy/signals/registry.ts";
import {
  cheapOf,
  knownSignals,
  modelOf,
  policyOf,
  scored,
  viewOf,
} from "../../support/builders.ts";

const policy = policyOf({
  keywords: new Map([
    ["escalation", ["manager", "speak to a human", "責任者"]],
    ["legal", ["lawyer"]],
  ]),
});

function cheap(text: string): CheapSignals {
  return signalReaders.readCheap(viewOf(text), policy);
}

const hard =
  "Prove that, although every bounded sequence has a convergent subsequence, the converse fails; then explain step by step, because I must compare both cases (finite [and] infinite), what follows if x^2 = 2?";

describe("cheap signals", () => {
  it.each([
    ["hello", "en"],
    ["Where is my order?", "en"],
    ["¿Dónde está mi pedido?", "es"],
    ["Wo ist meine Bestellung?", "de"],
    ["Où est ma commande ?", "fr"],
    ["Dov'è il mio ordine? grazie", "it"],
    ["Onde está o meu pedido?", "pt"],
    ["Waar is mijn bestelling? bedankt", "nl"],
    ["注文した商品がまだ届きません", "ja"],
    ["我的订单在哪里", "zh"],
    ["주문이 어디에 있나요", "ko"],
    ["Где мой заказ", "ru"],
    ["hola", "es"],
    ["bonjour", "fr"],
    ["12345 ???", "und"],
    ["", "und"],
    ["card die now", "en"],
    ["malachi sled", "und"],
    ["where is my order 注", "en"],
  ])("language of %j is %s", (text, language) => {
    expect(cheap(text).language).toBe(language);
  });

  it("keywords match whole words, phrases, and words of scripts without spaces", () => {
    expect(cheap("I want to SPEAK to a human!").keywords).toEqual(["escalation"]);
    expect(cheap("責任者を呼んでください").keywords).toEqual(["escalation"]);
    expect(cheap("my lawyer and my manager").keywords).toEqual(["escalation", "legal"]);
    expect(cheap("managerial accounting").keywords).toEqual([]);
    expect(cheap("managerial accounting").keywordScore).toBe(0);
  });

  it("length grows from 0 to 1 with the text", () => {
    expect(cheap("hi").length).toBe(0);
    expect(cheap("x ".repeat(1000)).length).toBe(1);
    expect(cheap("word ".repeat(40)).length).toBeGreaterThan(0.3);
  });

  it("syntax sees clauses, tasks and formulas", () => {
    expect(cheap("hello there").syntax).toBe(0);
    expect(cheap(hard).syntax).toBeGreaterThan(0.6);
  });

  it("emotion grows with words, intensifiers and shouting", () => {
    const calm = cheap("Where is my parcel?").emotionWords;
    const annoyed = cheap("I am disappointed").emotionWords;
    const very = cheap("I am very disappointed").emotionWords;
    const furious = cheap("THIS IS AN OUTRAGEOUS SCAM, I AM FURIOUS!!!").emotionWords;
    expect(calm).toBe(0);
    expect(annoyed).toBeGreaterThan(calm);
    expect(very).toBeGreaterThan(annoyed);
    expect(furious).toBeGreaterThan(very);
    expect(cheap("WHERE IS IT!!!").emotionWords).toBeGreaterThan(0);
    expect(cheap("対応がひどい").emotionWords).toBeGreaterThan(0.2);
  });

  it("structure counts code, numbers, questions and lines", () => {
    expect(cheap("a 1,000 and 2?\nb?").structure).toEqual({
      hasCode: false,
      numbers: 2,
      questions: 2,
      lines: 2,
    });
    expect(cheap("```js\nx\n```").structure.hasCode).toBe(true);
    expect(cheap("").structure.lines).toBe(0);
  });

  it("a short approval is as complex as the turn before it, and counts the turns", () => {
    const view = viewOf("yes, go on", {
      text: "go on",
      turns: [
        { role: "user", text: hard },
        { role: "assistant", text: "Shall I?" },
        { role: "user", text: "go on" },
      ],
    });
    const read = signalReaders.readCheap(view, policy);
    expect(read.syntax).toBe(cheap(hard).syntax);
    expect(read.turns).toBe(2);
    expect(cheap("go on").syntax).toBe(0);
  });

  it("never fails and stays in range, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
        const read = cheap(text);
        for (const value of [read.length, read.syntax, read.emotionWords, read.keywordScore]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

function classified(more: Partial<Classification> = {}): Classification {
  return {
    embedding: new Float32Array(384),
    heads: new Map([
      ["task", [scored("faq", 0.9), scored("other", 0.1)]],
      ["sentiment", [scored("negative", 0.8)]],
    ]),
    flags: new Map([
      ["emotion", [scored("joy", 0.9), scored("anger", 0.4)]],
      ["injection", [scored("injection", 0.2)]],
      ["in_scope", [scored("in_scope", 0.7)]],
    ]),
    tokens: 5,
    unknownShare: 0,
    model: "test",
    ...more,
  };
}

const context = { cheap: cheapOf(), policy, intents: null, text: "hello" };

describe("model signals", () => {
  it("come from the heads of one pass", () => {
    const read = signalReaders.readModel(classified(), context);
    expect(read).toMatchObject({
      task: { label: "faq" },
      sentiment: { label: "negative" },
      injection: 0.2,
      inScope: 0.7,
      difficulty: null,
      intent: null,
      isReadable: true,
    });
    expect(read.emotion).toBeCloseTo(0.4);
    expect(read.uncertainty).toBeGreaterThan(0.4);
    expect(read.uncertainty).toBeLessThan(0.5);
  });

  it.each([
    ["hello", true],
    ["Hi there!", true],
    ["good morning, how are you today?", true],
    ["Hey Siri", true],
    ["hiii is anyone there??", true],
    ["why not", false],
    ["prove it", false],
    ["hello, what is the capital of France", false],
    ["say hi to my mother in Italian", false],
    [`hello ${"x".repeat(200)}`, false],
  ])("believe the model that %j is a greeting: %s", (text, isBelieved) => {
    const heads = new Map([["task", [scored("greeting", 0.99), scored("other", 0.01)]]]);
    const read = signalReaders.readModel(classified({ heads }), { ...context, text });
    expect(read.task.confidence).toBe(isBelieved ? 0.99 : 0.5);
  });

  it("take difficulty from its label, whichever of the head's is likelier", () => {
    const flags = new Map([
      ["difficulty", [scored("strong_only", 0.8), scored("weak_wrong", 0.6)]],
    ]);
    expect(signalReaders.readModel(classified({ flags }), context).difficulty).toBe(0.6);
  });

  it("ask the policy's intents about the same text", () => {
    const intents = {
      score: (text: string) => ({
        ...scored(text, 0.9),
        margin: 1,
        wrong: probability(0),
        guard: false,
        by: "meaning" as const,
      }),
      account: () => null,
    };
    expect(signalReaders.readModel(classified(), { ...context, intents }).intent?.label).toBe(
      "hello",
    );
  });

  it("say that a text is not readable in a language or with tokens that the model has not seen", () => {
    const read = (given: Classification, language: string): boolean =>
      signalReaders.readModel(given, { ...context, cheap: cheapOf({ language }) }).isReadable;
    expect(read(classified(), "und")).toBe(true);
    expect(read(classified(), "ja")).toBe(false);
    expect(read(classified({ unknownShare: 0.3 }), "en")).toBe(false);
  });

  it("are unsure of everything when a head is missing", () => {
    const read = signalReaders.readModel(
      classified({ heads: new Map(), flags: new Map() }),
      context,
    );
    expect(read).toMatchObject({
      sentiment: null,
      injection: null,
      inScope: null,
      uncertainty: 1,
      emotion: 0,
    });
    expect(read.task.confidence).toBe(0);
  });
});

describe("complexity", () => {
  const weights = new Map([
    ["length", 1],
    ["syntax", 1],
    ["uncertainty", 2],
    ["emotion", 1],
    ["keywords", 1],
  ] as const);
  const weighed = policyOf({ weights });
  const low = cheapOf({
    length: score(0.5),
    syntax: score(0.5),
    emotionWords: score(0.1),
    keywordScore: score(1),
  });

  it("weighs the learned difficulty as the policy says", () => {
    const learned = policyOf({ weights: new Map([["difficulty", 1]]) });
    const harder = modelOf({ difficulty: probability(0.7) });
    expect(signalReaders.complexityOf(knownSignals(harder, low), learned)).toBe(0.7);
    expect(signalReaders.complexityOf(knownSignals(modelOf(), low), learned)).toBe(0);
  });

  it("is the weighted mean of the signals that are known", () => {
    const model = modelOf({ uncertainty: score(0.25), emotion: score(0.5) });
    expect(signalReaders.complexityOf(knownSignals(model, low), weighed)).toBeCloseTo(3 / 6);
    const unasked = { cheap: low, model: { kind: "unasked" } } as const;
    expect(signalReaders.complexityOf(unasked, weighed)).toBeCloseTo(2.1 / 4);
    const unread = { ...model, isReadable: false };
    expect(signalReaders.complexityOf(knownSignals(unread, low), weighed)).toBeCloseTo(2.1 / 4);
    expect(signalReaders.complexityOf(unasked, policyOf({ weights: new Map() }))).toBe(0);
  });
});
