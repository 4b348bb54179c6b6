/** Label calls made to be slow: a megabyte of each is read, which no pattern that backtracks would finish in the test's time. */
import { describe, expect, it } from "vitest";
import type { LabelAnswer } from "../../../proxy/core/policy.ts";
import { labelCallOf } from "../../../proxy/wire/label-call.ts";
import { viewOf } from "../../support/builders.ts";

const spec: LabelAnswer = {
  kind: "label",
  head: "sentiment",
  names: ["negative", "neutral", "positive"],
  own: null,
  confidence: { op: ">=", value: 0.9 },
  maxWrong: null,
  labels: new Map(),
  format: null,
  after: null,
};

describe("a label call of any size", () => {
  it.each(["<a>", "\n", '"', '"""', "```", "text:\n", "the ", "Mood: POS\nText: x\n", " ", "é"])(
    "is read in linear time: %j",
    (part) => {
      for (const size of [19_000, 1_000_000]) {
        for (const system of [null, "Classify."]) {
          const text = `${part.repeat(size / part.length)}Mood:`;
          expect(labelCallOf(spec, viewOf(text, { system })).turn.length).toBeGreaterThan(0);
        }
      }
    },
  );
});
