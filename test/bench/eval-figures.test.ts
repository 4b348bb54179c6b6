/** The figures of an evaluation: what each means, how far a stored one may move, and how they are shown. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differences } from "../../bench/eval/drift.ts";
import {
  accuracyOf,
  aurocOf,
  calibrationError,
  macroF1Of,
  plainly,
  quantile,
  reliability,
  withInterval,
} from "../../bench/eval/metrics.ts";
import { cellText } from "../../bench/eval/report.ts";
import { count, share, shareBetween, type Cell } from "../../bench/eval/result.ts";
import { areaUnder, riskAt, riskCoverage, type Answer } from "../../bench/eval/risk.ts";
import { withSection, type Evaluation, type StoredPart } from "../../bench/eval/stored.ts";
import { reached } from "../../bench/eval/targets.ts";

const rows = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 8 })), {
  minLength: 1,
  maxLength: 60,
});

describe("AUROC", () => {
  it("is the share of pairs in the right order, ties counted half", () => {
    fc.assert(
      fc.property(rows, (given) => {
        const [truth, scores] = [given.map(([is]) => is), given.map(([, score]) => score)];
        const pairs = given.flatMap(([is, high]) =>
          is
            ? given
                .filter(([other]) => !other)
                .map(([, low]) => (high > low ? 1 : high === low ? 0.5 : 0))
            : [],
        );
        const wanted = pairs.reduce<number>((sum, one) => sum + one, 0) / pairs.length;
        const found = plainly(aurocOf(truth, scores), given.length);
        if (pairs.length === 0) expect(found).toBeNaN();
        else expect(found).toBeCloseTo(wanted, 9);
      }),
    );
  });

  it("counts a row as often as its weight says", () => {
    const figure = aurocOf([true, false, true], [0.2, 0.5, 0.9]);
    expect(figure(Float64Array.of(3, 1, 1))).toBeCloseTo(0.25);
    expect(figure(Float64Array.of(0, 1, 1))).toBe(1);
    expect(figure(Float64Array.of(1, 0, 1))).toBeNaN();
  });
});

describe("macro-F1", () => {
  it("is the mean over the classes of the truth", () => {
    // Class 0: precision 1, recall 1/2; class 1: precision 1/2, recall 1; class 2 is only guessed.
    expect(plainly(macroF1Of([0, 0, 1], [0, 1, 1]), 3)).toBeCloseTo(2 / 3);
    expect(plainly(macroF1Of([0, 0, 1], [0, 2, 1]), 3)).toBeCloseTo((2 / 3 + 1) / 2);
  });

  it("is 1 of what is all right, and no more of anything", () => {
    const classes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(classes, classes, (truth, other) => {
        expect(plainly(macroF1Of(truth, truth), truth.length)).toBe(1);
        const guess = truth.map((_, at) => other[at % other.length] ?? 0);
        expect(plainly(macroF1Of(truth, guess), truth.length)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("an interval", () => {
  it("holds its figure, is the same each time, and narrows with more rows", () => {
    const rights = Array.from({ length: 400 }, (_, at) => at % 4 !== 0);
    const wide = withInterval(accuracyOf(rights.slice(0, 40)), 40);
    const narrow = withInterval(accuracyOf(rights), 400);
    expect(narrow.value).toBe(0.75);
    expect(narrow.low).toBeLessThan(0.75);
    expect(narrow.high).toBeGreaterThan(0.75);
    expect(narrow.high - narrow.low).toBeLessThan(wide.high - wide.low);
    expect(withInterval(accuracyOf(rights), 400)).toEqual(narrow);
  });

  it("takes its ends between neighbours", () => {
    expect(quantile([1, 2, 3, 5], 0.5)).toBe(2.5);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe("calibration", () => {
  it("is off by the gap of confidence and share right", () => {
    const sure = Array.from({ length: 100 }, () => 0.9);
    const right = sure.map((_, at) => at % 2 === 0);
    expect(calibrationError(sure, right)).toBeCloseTo(0.4, 1);
    expect(reliability(sure, right).reduce((sum, { rows: own }) => sum + own, 0)).toBe(100);
  });
});

describe("risk and coverage", () => {
  const answers = fc.array(
    fc.record<Answer>({
      doubt: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant(Infinity)),
      isRight: fc.boolean(),
    }),
    { minLength: 1, maxLength: 50 },
  );

  it("answers all that is as sure together, and what is never sure not at all", () => {
    fc.assert(
      fc.property(answers, fc.integer({ min: 0, max: 6 }), (given, bound) => {
        const answered = given.filter(({ doubt }) => doubt <= bound);
        const errors = answered.filter(({ isRight }) => !isRight).length;
        expect(riskAt(given, bound)).toMatchObject({ answered: answered.length, errors });
        const coverages = riskCoverage(given).map(({ coverage }) => coverage);
        expect(coverages).toEqual(coverages.toSorted((a, b) => a - b));
      }),
    );
  });

  it("has no area where nothing is answered", () => {
    expect(areaUnder([{ doubt: Infinity, isRight: true }])).toBeNaN();
    expect(areaUnder([{ doubt: 1, isRight: false }])).toBe(1);
  });
});

describe("drift", () => {
  const part = (cells: readonly Cell[]): StoredPart => ({
    made: { processor: "p", node: "n", onnxruntime: "o", date: "d" },
    tables: [{ name: "t", title: "T", columns: ["row", "a", "b"], rows: [{ name: "r", cells }] }],
    pictures: [],
  });

  it.each([
    ["a share within the tolerance", share(0.505), count(3), 0],
    ["a share beyond it", share(0.52), count(3), 1],
    ["a count that is another", share(0.5), count(4), 1],
    ["a time, which depends on the machine", share(0.5), { unit: "ms", value: 9 } as const, 1],
  ])("sees %s", (_, one, two, found) => {
    const stored = part([share(0.5), count(3)]);
    expect(differences(stored, part([one, two]), 0.01)).toHaveLength(found);
  });

  it("sees what is missing on either side", () => {
    expect(differences(undefined, part([share(0.5)]), 0.01)).toHaveLength(1);
    expect(differences(part([share(0.5)]), part([]), 0.01)).toHaveLength(1);
  });
});

describe("targets", () => {
  const evaluationOf = (
    name: string,
    given: readonly (readonly [string, ...Cell[]])[],
  ): Evaluation => ({
    format: 1,
    model: { name: "m", sha256: "0" },
    parts: {
      int8: {
        made: { processor: "p", node: "n", onnxruntime: "o", date: "d" },
        tables: [
          {
            name,
            title: "T",
            columns: ["row"],
            rows: given.map(([row, ...cells]) => ({ name: row, cells })),
          },
        ],
        pictures: [],
      },
    },
  });

  it("are met only where every row meets them, and name the row that is furthest", () => {
    const dedupe = (shared: number): readonly [string, ...Cell[]][] => [
      ["one", count(10), count(0)],
      ["two", count(10), count(shared)],
    ];
    expect(reached(evaluationOf("dedupe", dedupe(0)))).toMatchObject([{ isMet: true }]);
    expect(reached(evaluationOf("dedupe", dedupe(3)))).toMatchObject([
      { isMet: false, of: "two", wanted: "at most 0" },
    ]);
  });

  it("hold times on any processor, and say nothing of what is not stored", () => {
    const ms = (value: number): Cell => ({ unit: "ms", value });
    const row = [ms(9), ms(9), ms(9), ms(1.9)] as const;
    const found = reached(evaluationOf("latency: any", [["INT8, 32 tokens, 2 threads", ...row]]));
    expect(found).toMatchObject([{ isMet: true, wanted: "at most 2 ms", found: { value: 1.9 } }]);
    expect(reached(evaluationOf("other", []))).toEqual([]);
  });
});

describe("the card's section", () => {
  const card = "before\n<!-- eval:begin -->\nold\n<!-- eval:end -->\nafter\n";

  it("is replaced between its marks, and nothing else", () => {
    const made = withSection(card, "new");
    expect(made).toBe(card.replace("old", "new"));
    expect(withSection(made, "new")).toBe(made);
    expect(() => withSection("no marks", "new")).toThrow("eval:begin");
  });

  it.each([
    [share(0.5), "0.500"],
    [share(0.0123), "0.0123"],
    [share(Number.NaN), "-"],
    [shareBetween({ value: 0.5, low: 0.4, high: 0.6 }), "0.500 (0.400 to 0.600)"],
    [count(12), "12"],
  ])("shows figures as people read them: %j", (cell, wanted) => {
    expect(cellText(cell)).toBe(wanted);
  });
});
