/** Which texts the model is trusted to read at all. */
import { describe, expect, it } from "vitest";
import type { ModelSignals } from "../../../proxy/core/signals.ts";
import { signalReaders } from "../../../proxy/signals/registry.ts";
import { policyOf, viewOf } from "../../support/builders.ts";

function modelSignalsOf(text: string, unknownShare = 0): ModelSignals {
  const policy = policyOf();
  const cheap = signalReaders.readCheap(viewOf(text), policy);
  const classification = {
    embedding: new Float32Array(384),
    heads: new Map(),
    flags: new Map(),
    tokens: 5,
    unknownShare,
    model: "test",
  };
  const context = { cheap, policy, intents: null, text };
  return signalReaders.readModel(classification, context);
}

function isReadable(text: string, unknownShare = 0): boolean {
  return modelSignalsOf(text, unknownShare).isReadable;
}

describe("a text the model can read", () => {
  it.each(["hello", "where is my refund", "malachi sled", "velvet desk chair 30 inch"])(
    "is English, or a few words of no clear language: %s",
    (text) => {
      expect(isReadable(text)).toBe(true);
    },
  );

  it.each([
    "Gdzie jest moje zamówienie",
    "Wo ist mein Paket",
    "გამარჯობა",
    "Nasaan ang padala ko kailangan ko siya ngayon",
    "営業時間を教えてください",
    "東京大学",
    "我的订单",
  ])("is not in another language, listed or not: %s", (text) => {
    expect(isReadable(text)).toBe(false);
  });

  it("has few tokens that the model has never seen", () => {
    expect(isReadable("hello", 0.2)).toBe(true);
    expect(isReadable("hello", 0.21)).toBe(false);
  });
});

describe("a text that the model cannot read", () => {
  const told = (text: string): readonly unknown[] => {
    const { task, taskBy } = modelSignalsOf(text);
    return [task.label, taskBy];
  };

  it.each([
    "こんにちは",
    "こんにちは！😊",
    "こんにちわ〜",
    "おはようございます。",
    "こんばんは、はじめまして。",
    "はじめまして。よろしくお願いします！",
    "いつもお世話になっております",
    "宜しくお願い致します",
    "¡Hola! ¿Qué tal?",
    "Guten Tag",
    "Bonjour !",
  ])("is a greeting when it is nothing else: %s", (text) => {
    expect(told(text)).toEqual(["greeting", "rule"]);
  });

  it.each([
    "こんにちは、返品できますか",
    "こんにちは、田中です",
    "お元気ですか",
    "返品をよろしくお願いします",
    "今日は営業していますか",
    "どうすればいいですか",
    "Hola, ¿dónde está mi pedido?",
    "Guten Tag Paket",
    "Wo ist mein Paket",
    `こんにちは${"。".repeat(250)}`,
  ])("is none with anything else in it: %s", (text) => {
    expect(told(text)).toEqual(["other", "model"]);
  });

  it("is compared by its characters in kana and kanji only", () => {
    expect(modelSignalsOf("返品できますか").isByCharacters).toBe(true);
    expect(modelSignalsOf("PayPalは使えますか").isByCharacters).toBe(true);
    expect(modelSignalsOf("Wo ist mein Paket").isByCharacters).toBe(false);
    expect(modelSignalsOf("How do you say こんにちは in English, please?").isByCharacters).toBe(
      false,
    );
  });
});
