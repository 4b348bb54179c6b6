import fc from "fast-check";
import { expect, test } from "vitest";
import { clipped } from "../../../proxy/inference/clip.ts";
import { TextWindow } from "../../../proxy/inference/window.ts";
import { tokenizerJson } from "./tiny-model.ts";

const shape = { maxTokens: 128, head: 63, tail: 63, clsId: 2, sepId: 3, unkId: 1 };
const window = new TextWindow(tokenizerJson(), shape);
const words = "hello good bad refund order where is my money back the a b c d".split(" ");
const idOf = (word: string): number => words.indexOf(word) + 5;

function expected(tokens: readonly string[]): number[] {
  const ids = tokens.map(idOf);
  const kept = ids.length <= 126 ? ids : [...ids.slice(0, 63), ...ids.slice(-63)];
  return [2, ...kept, 3];
}

test("short texts are whole, long ones are their first and last tokens, whatever the length", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 400 }),
      (sample, times) => {
        const tokens = Array.from({ length: times }, () => sample).flat();
        expect(window.of(tokens.join(" ")).ids).toEqual(expected(tokens));
      },
    ),
    { numRuns: 60 },
  );
});

test("a text clipped on the way to the worker gives the same window", () => {
  const tokens = Array.from({ length: 60_000 }, (_, at) => words[(at * 7) % words.length] ?? "a");
  const text = tokens.join(" ");
  expect(clipped(text).length).toBeLessThan(text.length);
  expect(window.of(clipped(text)).ids).toEqual(expected(tokens));
});

test("runs of blanks and words of any length do not starve or flood the window", () => {
  const blank = " ".repeat(3000);
  const text = Array.from({ length: 200 }, () => `hello${blank}`).join("");
  const { ids } = window.of(text);
  expect(ids.length).toBeLessThanOrEqual(128);
  expect(ids.slice(1, 3)).toEqual([5, 5]);
  expect(window.of("x".repeat(1_000_000))).toEqual({ ids: [2, 1, 1, 3], unknownShare: 1 });
});

test("anything else keeps to the window's bounds", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 5000 }), (text) => {
      const { ids, unknownShare } = window.of(text);
      expect(ids.length).toBeLessThanOrEqual(128);
      expect(ids[0]).toBe(2);
      expect(ids.at(-1)).toBe(3);
      expect(unknownShare).toBeGreaterThanOrEqual(0);
      expect(unknownShare).toBeLessThanOrEqual(1);
    }),
  );
});
