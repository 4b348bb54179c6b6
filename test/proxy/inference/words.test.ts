import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTypo, plain, stem, stemsOf, wordLine, wordsOf } from "../../../proxy/inference/words.ts";

test.each([
  ["Can’t you log in?", ["can", "not", "you", "login"]],
  ["I'm sure it isn't “set up”", ["i", "am", "sure", "it", "is", "not", "setup"]],
  ["order/account e-mail", ["order", "account", "email"]],
  ["$1,000.50 to a.b@example.com (#W12-3)", ["1000.50", "to", "a.b@example.com", "w12-3"]],
  ["The shop's top-ups", ["the", "shop", "topup"]],
  ["ＡＢＣ　１２", ["abc", "12"]],
])("%s", (text, words) => {
  expect(wordsOf(plain(text))).toEqual(words);
});

test.each([
  ["orders", "order"],
  ["ordering", "order"],
  ["cancelled", "cancel"],
  ["cancelling", "cancel"],
  ["bills", "bill"],
  ["policies", "policy"],
  ["charge", "charg"],
  ["charges", "charg"],
  ["charged", "charg"],
  ["address", "address"],
  ["status", "status"],
  ["is", "is"],
  ["w123s", "w123s"],
])("the stem of %s is %s", (word, root) => {
  expect(stem(word)).toBe(root);
});

test("a line of words is the same whatever the case, punctuation and courtesies", () => {
  const line = wordLine("How do I reset my password?");
  expect(line).toBe("how do i reset my password");
  expect(wordLine("hello, HOW do I reset my password please!!")).toBe(line);
  expect(wordLine("How do I reset your password?")).not.toBe(line);
});

test("a text that is nothing but courtesies keeps them", () => {
  expect(wordLine("Thank you!")).toBe("thank you");
  expect(wordLine("hi")).toBe("hi");
  expect([...stemsOf("good morning")]).toEqual(["good", "morn"]);
});

test("Japanese becomes pairs of characters", () => {
  expect([...stemsOf("返金方法")]).toEqual(["返金", "金方", "方法"]);
  expect([...stemsOf("駅")]).toEqual(["駅"]);
});

describe("one typo", () => {
  test.each([
    ["parking", "parkign", true],
    ["parking", "parkin", true],
    ["parking", "parkings", true],
    ["parking", "barking", true],
    ["parking", "parking", true],
    ["parking", "parknig", true],
    ["parking", "praknig", false],
    ["cat", "cats", false],
    ["house", "mouser", false],
    ["", "", true],
  ])("%s / %s: %s", (a, b, is) => {
    expect(isTypo(a, b)).toBe(is);
    expect(isTypo(b, a)).toBe(is);
  });

  test("is found wherever it stands", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z]{5,10}$/u),
        fc.nat(9),
        fc.nat(3),
        (word, place, kind) => {
          const at = place % word.length;
          const [before, letter, after] = [word.slice(0, at), word[at] ?? "", word.slice(at + 1)];
          const typos = [
            before + after,
            `${before}${letter}x${after}`,
            `${before}x${after}`,
            `${before}${after.slice(0, 1)}${letter}${after.slice(1)}`,
          ];
          expect(isTypo(word, typos[kind] ?? "")).toBe(true);
        },
      ),
    );
  });
});
