/** Which texts the model is trusted to read at all. */
import { describe, expect, it } from "vitest";
import { signalReaders } from "../../../proxy/signals/registry.ts";
import { policyOf, viewOf } from "../../support/builders.ts";

function isReadable(text: string, unknownShare = 0): boolean {
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
  return signalReaders.readModel(classification, context).isReadable;
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
  ])("is not in another language, listed or not: %s", (text) => {
    expect(isReadable(text)).toBe(false);
  });

  it("has few tokens that the model has never seen", () => {
    expect(isReadable("hello", 0.2)).toBe(true);
    expect(isReadable("hello", 0.21)).toBe(false);
  });
});
