/** Whatever a turn is made of, the text to classify is a part of it or nothing. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelCallOf } from "../../../proxy/wire/label-call.ts";
import { labelAnswerOf, viewOf } from "../../support/builders.ts";

const spec = labelAnswerOf();

const pieces = [
  '"""',
  "```",
  "<a>",
  "</a>",
  "\n",
  " ",
  "Review:",
  "Label:",
  '"',
  "“",
  "x",
  "text ",
];

describe("the text to classify", () => {
  it("is part of the turn, or nothing", () => {
    const turns = fc
      .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 20 })), { maxLength: 40 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(turns, (turn) => {
        for (const system of [null, "Classify the sentiment."]) {
          const { text } = labelCallOf(spec, viewOf(turn, { system }));
          expect(text === null || turn.includes(text)).toBe(true);
        }
      }),
    );
  });
});
