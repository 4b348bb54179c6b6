/** Intents and FAQ on vectors of words: what is certain without a calibration, and what a calibration changes. */
import { describe, expect, test } from "vitest";
import type { FaqEntry, Intent } from "../../../proxy/core/policy.ts";
import type { Calibration, ScoreModel } from "../../../proxy/inference/calibration.ts";
import { indexFaq } from "../../../proxy/inference/faq.ts";
import { fitIntents, type Embed } from "../../../proxy/inference/intents.ts";
import { Lexicon } from "../../../proxy/inference/lexicon.ts";

/** A sum of one fixed direction a word: texts that share words are near. */
function vectorOf(text: string): Float32Array {
  const sum = new Float32Array(64);
  for (const word of text.toLowerCase().match(/[a-z]+/gu) ?? []) {
    const seed = Array.from(word).reduce((code, letter) => code * 31 + letter.charCodeAt(0), 7);
    sum.forEach((x, d) => {
      sum[d] = x + Math.sin((seed % 9973) * (d + 1));
    });
  }
  const norm = Math.hypot(...sum) || 1;
  return sum.map((x) => x / norm);
}

const embed: Embed = async (texts) => texts.map(vectorOf);

/** Trusts similarity alone: sure from 0.9 on. */
const trusting: ScoreModel = {
  bias: -90,
  terms: [{ feature: "similarity", low: 0, high: 1, weight: 100 }],
  right: [
    [0, 0],
    [1, 1],
  ],
  wrong: [
    [0, 1],
    [1, 0],
  ],
};

const calibration: Calibration = {
  embeddings: [],
  lexicon: {
    sentences: 100,
    groups: [
      [
        0.1,
        "hello good bad refund order where is my money back the a b c d card do you ship to have parking",
      ],
    ],
  },
  intents: trusting,
  faq: trusting,
};

const intents: readonly Intent[] = [
  { name: "refund", examples: ["money back", "refund the order"], not: ["where is my refund"] },
  { name: "hello", examples: ["hello", "good a b"], not: [] },
];

describe("ordinary words", () => {
  const lexicon = new Lexicon(calibration.lexicon);

  test.each(["regund", "refudn", "parkingg", "erfund", "hwere"])("misspelt: %s", (word) => {
    expect(lexicon.isCommon(word)).toBe(false);
    expect(lexicon.isMisspelt(word)).toBe(true);
  });

  test("another first letter makes another word: it may be a name", () => {
    expect(lexicon.isMisspelt("defund")).toBe(false);
    expect(lexicon.isMisspelt("border")).toBe(false);
  });
});

describe("intents", () => {
  test("without a calibration only the policy's own sentences are certain", async () => {
    const scorer = await fitIntents(intents, embed, null);
    const score = (text: string) => scorer?.score(text, vectorOf(text));
    expect(score("Money back, please!")).toMatchObject({
      label: "refund",
      confidence: 0.995,
      wrong: 0.002,
      guard: false,
    });
    expect(score("hello")).toMatchObject({ label: "hello", confidence: 0.995 });
    expect(score("money the back")).toMatchObject({ confidence: 0, wrong: 1 });
  });

  test("a sentence that an intent does not mean is never answered as that intent", async () => {
    const scorer = await fitIntents(intents, embed, calibration);
    expect(scorer?.score("where is my refund", vectorOf("where is my refund"))).toMatchObject({
      label: "refund",
      confidence: 0,
      wrong: 1,
    });
  });

  test("with a calibration nearness counts, and the guard has its say", async () => {
    const scorer = await fitIntents(intents, embed, calibration);
    const near = scorer?.score("the money back", vectorOf("money back"));
    expect(near?.label).toBe("refund");
    expect(near?.confidence).toBeGreaterThan(0.5);
    expect(near?.guard).toBe(false);
    const numbered = scorer?.score("money back 12345", vectorOf("money back"));
    expect(numbered).toMatchObject({ label: "refund", guard: true });
  });

  describe("an order's number", () => {
    const track = { name: "track", examples: ["where is order MF-204518"], not: [] };
    const score = async (text: string, vector = text) => {
      const scorer = await fitIntents([...intents, track], embed, calibration);
      return scorer?.score(text, vectorOf(vector));
    };

    test("of the form that an example shows is as good as the example's", async () => {
      for (const text of ["where is order MF-111222", "Where is order mf-999999?"]) {
        expect(await score(text)).toMatchObject({
          label: "track",
          confidence: 0.995,
          guard: false,
        });
      }
    });

    test("is no amount, year or product", async () => {
      for (const [known, asked] of [
        ["price of 500ml", "price of 750ml"],
        ["price of RTX4090", "price of RTX3080"],
        ["sales in 2024", "sales in 2025"],
        ["pay 10,000", "pay 20,000"],
      ] as const) {
        const one = { name: "one", examples: [known], not: [] };
        const scorer = await fitIntents([...intents, one], embed, calibration);
        expect([asked, scorer?.score(asked, vectorOf(known))?.guard]).toEqual([asked, true]);
      }
    });

    test("of another form, a second one, an amount, none: is not", async () => {
      for (const text of [
        "where is order MF-11122",
        "where is order XY-111222",
        "where is order MF-111222 MF-333444",
        "where is order 111222",
        "where is order MF-111222-1",
        "where is order",
      ]) {
        expect([text, (await score(text, "where is order mf"))?.guard]).toEqual([text, true]);
      }
    });
  });

  test("margins are in [0, 1], also with one intent", async () => {
    const scorer = await fitIntents(intents.slice(1), embed, calibration);
    const score = scorer?.score("hello", vectorOf("hello"));
    expect(score).toMatchObject({ label: "hello", margin: 1 });
  });

  test("the same sentence in two intents is certain for neither", async () => {
    const twice = [...intents, { name: "other", examples: ["money back"], not: [] }];
    const scorer = await fitIntents(twice, embed, null);
    expect(scorer?.score("money back", vectorOf("money back"))).toMatchObject({ confidence: 0 });
  });

  test("there is nothing to fit without intents or without embeddings", async () => {
    expect(await fitIntents([], embed, null)).toBeNull();
    expect(
      await fitIntents(intents, async (texts) => texts.map(() => new Float32Array(0)), null),
    ).toBeNull();
  });

  test("an embedding of another width scores nothing", async () => {
    const scorer = await fitIntents(intents, embed, calibration);
    expect(scorer?.score("hello", new Float32Array(0))).toMatchObject({ confidence: 0, wrong: 1 });
    expect(scorer?.score("hello", new Float32Array(9))).toMatchObject({ confidence: 0, wrong: 1 });
  });
});

describe("a typo", () => {
  const dictionary = new Set(["hotel", "hostel", "parking", "cancel", "museum"]);
  const faq = [
    entry("hotel", "Yes.", "is parking at the hotel free"),
    entry("cancel", "Sure.", "can I cancel the museum"),
    entry("parkin", "By foot.", "how far is the parkin"),
  ];
  const asked = async (text: string, words = dictionary) => {
    const lexicon = {
      sentences: 100,
      groups: [[0.1, "parking hotel"] as const],
      dictionary: words,
    };
    const index = await indexFaq({ file: "x.yaml", entries: faq }, embed, {
      ...calibration,
      lexicon,
    });
    const found = index.match(text, vectorOf("nothing near"), null);
    return found.kind === "match" ? found.id : found.reason;
  };

  test("of a word that the dictionary knows is no other question", async () => {
    for (const text of [
      "is parknig at the hotel free",
      "is parking at the hotell free?",
      "is parking at the htel free",
    ]) {
      expect([text, await asked(text)]).toEqual([text, "hotel"]);
    }
    expect(await asked("Can I cacnel the museum")).toBe("cancel");
    expect(await asked("How far is the parkin?")).toBe("parkin");
    expect(await asked("Can I cacnel the museum", new Set())).toBe("faq_no_match");
  });

  test("is nothing that is a word itself", async () => {
    expect(await asked("is parking at the hostel free")).not.toBe("hotel");
    expect(
      await asked("is packing at the hotel free", new Set([...dictionary, "packing"])),
    ).not.toBe("hotel");
  });
});

function entry(id: string, answer: string, ...questions: string[]): FaqEntry {
  return { id, questions, answer, language: "en" };
}

const entries = [
  entry("refund", "Five days.", "refund the order", "money back"),
  entry("again", "Five days.", "where is my money"),
  entry("a", "Yes.", "do you ship to Japan?"),
  entry("b", "No.", "do you ship to France?"),
];

describe("FAQ", () => {
  test("gives the entry whose question was asked word for word", async () => {
    const faq = await indexFaq({ file: "x.yaml", entries }, embed, null);
    expect(faq.match("Money back!", vectorOf("money back"), null)).toEqual({
      kind: "match",
      id: "refund",
      answer: "Five days.",
      confidence: 0.995,
      wrong: 0.002,
    });
    expect(faq.match("money the back", vectorOf("money the back"), null)).toMatchObject({
      kind: "none",
      reason: "faq_no_match",
    });
    expect(faq.match("Money back!", vectorOf("money back"), 0.001).kind).toBe("none");
  });

  test("with a calibration near questions match, and entries of one answer are no rivals", async () => {
    const faq = await indexFaq({ file: "x.yaml", entries }, embed, calibration);
    const near = faq.match("the refund order", vectorOf("the refund order"), 0.2);
    expect(near).toMatchObject({ kind: "match", id: "refund" });
    expect(faq.match("where is my money back", vectorOf("where is my money"), 0.2)).toMatchObject({
      kind: "match",
      id: "again",
    });
  });

  test("a question about another thing is a guard mismatch, however near", async () => {
    const faq = await indexFaq({ file: "x.yaml", entries }, embed, calibration);
    const asked = "do you ship to germany";
    expect(faq.match(asked, vectorOf("do you ship to Japan?"), 0.2)).toMatchObject({
      kind: "none",
      reason: "guard_mismatch",
    });
    expect(
      faq.match("do you really ship to japan", vectorOf("do you ship to japan"), 0.2),
    ).toMatchObject({
      kind: "match",
      id: "a",
    });
  });

  test("a question between two answers is ambiguous", async () => {
    const long = "hello where is my money for a bad order when good";
    const rivals = [entry("x", "X.", "refund the order"), entry("y", "Y.", long)];
    const faq = await indexFaq({ file: "x.yaml", entries: rivals }, embed, calibration);
    const other = vectorOf(long);
    const between = vectorOf("refund the order").map((x, d) => x + (other[d] ?? 0));
    const norm = Math.hypot(...between);
    const found = faq.match(
      "the refund order",
      between.map((x) => x / norm),
      0,
    );
    expect(found).toMatchObject({ kind: "none", reason: "faq_ambiguous" });
  });

  test("an empty FAQ and a foreign embedding match nothing", async () => {
    const none = { kind: "none", reason: "faq_no_match", confidence: 0 };
    const empty = await indexFaq({ file: "x.yaml", entries: [] }, embed, calibration);
    expect(empty.match("hello", vectorOf("hello"), null)).toEqual(none);
    const faq = await indexFaq({ file: "x.yaml", entries }, embed, calibration);
    expect(faq.match("hello", new Float32Array(2), null)).toEqual(none);
  });
});
