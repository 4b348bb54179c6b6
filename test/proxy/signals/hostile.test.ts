/** Texts made to be slow: a megabyte of each is read, which no pattern that backtracks would finish in the test's time. */
import { describe, expect, it } from "vitest";
import { signalReaders } from "../../../proxy/signals/registry.ts";
import { policyOf, viewOf } from "../../support/builders.ts";

const size = 1_000_000;
const policy = policyOf({
  keywords: new Map([["escalation", ["manager", "speak to a human", "責任者", "c++"]]]),
});

describe("signals of a megabyte", () => {
  it.each([
    ["approvals without end", "はい", "a"],
    ["line ends", "\n", "x"],
    ["line separators", "\u2028", "x"],
    ["full stops", ".", "x"],
    ["beginnings of code", "def ", ""],
    ["beginnings of queries", "SELECT ", ""],
    ["beginnings of phrases", "speak to a ", ""],
    ["marks of code", "c+", ""],
    ["combining marks", "\u0301", ""],
    ["digits and commas", "1,", ""],
    ["backticks", "`", ""],
    ["blanks", " ", "x"],
    ["emoji", "😀", ""],
  ])("are read in linear time: %s", (_what, part, end) => {
    const text = part.repeat(size / part.length) + end;
    const read = signalReaders.readCheap(viewOf(text), policy);
    expect(read.characters).toBe(text.length);
    expect(read.length).toBe(1);
  });

  it("still see a keyword in the middle", () => {
    const half = "the quick brown fox ".repeat(size / 40);
    const read = signalReaders.readCheap(viewOf(`${half} I want a manager ${half}`), policy);
    expect(read.keywords).toEqual(["escalation"]);
  });

  it("look no further than the policy's limit", () => {
    const near = policyOf({
      keywords: policy.keywords,
      limits: { inspectBytes: 100, decisionMs: 50, queue: 1 },
    });
    const far = `${"x ".repeat(60)}manager`;
    expect(signalReaders.readCheap(viewOf(far), near).keywords).toEqual([]);
    expect(signalReaders.readCheap(viewOf(far), policy).keywords).toEqual(["escalation"]);
  });
});
