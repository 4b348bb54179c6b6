/** Label calls made to be slow: a megabyte of each is read, which no pattern that backtracks would finish in the test's time. */
import { describe, expect, it } from "vitest";
import { labelCallOf } from "../../../proxy/wire/label-call.ts";
import { labelAnswerOf, viewOf } from "../../support/builders.ts";

const spec = labelAnswerOf();

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
