/** How much is answered against how much of that is wrong, over every bound that one could set. */
import { percentText, ticksTo, type Line, type Picture, type Place } from "../plot/picture.ts";

/** One row that may be answered. */
export interface Answer {
  /** The lower, the surer: rows are answered from the least on. Infinity: never answered. */
  readonly doubt: number;
  readonly isRight: boolean;
}

/** What a bound gives. */
export interface Risk {
  /** Rows whose doubt is at most this are answered. */
  readonly bound: number;
  /** Share of all rows that is answered, and share of the answers that is wrong. */
  readonly coverage: number;
  readonly wrong: number;
  readonly answered: number;
  readonly errors: number;
}

/** One point for each doubt that occurs: rows of equal doubt are answered together or not at all. */
export function riskCoverage(answers: readonly Answer[]): readonly Risk[] {
  const sorted = answers
    .filter(({ doubt }) => doubt !== Infinity)
    .toSorted((a, b) => a.doubt - b.doubt);
  const points: Risk[] = [];
  let errors = 0;
  sorted.forEach(({ doubt, isRight }, at) => {
    if (!isRight) errors += 1;
    if (sorted[at + 1]?.doubt === doubt) return;
    const answered = at + 1;
    const coverage = answered / answers.length;
    points.push({ bound: doubt, coverage, wrong: errors / answered, answered, errors });
  });
  return points;
}

/** What the bound gives, though it be none that occurs. */
export function riskAt(answers: readonly Answer[], bound: number): Risk {
  const none = { bound, coverage: 0, wrong: 0, answered: 0, errors: 0 };
  const found = riskCoverage(answers).findLast((point) => point.bound <= bound);
  return { ...(found ?? none), bound };
}

/** Mean share wrong over all coverages up to the most that can be reached; the less the better. */
export function areaUnder(answers: readonly Answer[]): number {
  const curve = riskCoverage(answers);
  let before = 0;
  const area = curve.reduce((sum, { coverage, wrong }) => {
    const step = coverage - before;
    before = coverage;
    return sum + step * wrong;
  }, 0);
  return before === 0 ? Number.NaN : area / before;
}

/** Bounds to mark on a line, and how they are called. */
export interface Marking {
  readonly bounds: readonly number[];
  readonly nameOf: (bound: number) => string;
}

/** A name with its rows. */
export interface NamedAnswers {
  readonly name: string;
  readonly answers: readonly Answer[];
}

const mostPoints = 200;

function lineOf({ name, answers }: NamedAnswers, marking: Marking): Line {
  const curve = riskCoverage(answers);
  const every = Math.max(1, Math.ceil(curve.length / mostPoints));
  const kept = curve.filter((_, at) => at % every === 0 || at === curve.length - 1);
  const marks = marking.bounds
    .map((bound) => riskAt(answers, bound))
    .filter(({ answered }) => answered > 0)
    .map((risk) => ({ ...placeOf(risk), name: marking.nameOf(risk.bound) }));
  return { name, points: kept.map(placeOf), marks };
}

function placeOf({ coverage, wrong }: Risk): Place {
  return { x: coverage, y: wrong };
}

/** The whole curve of each group of rows. */
export function riskPicture(
  title: string,
  groups: readonly NamedAnswers[],
  marking: Marking,
): Picture {
  const lines = groups.map((group) => lineOf(group, marking));
  const top = Math.max(0.01, ...lines.flatMap(({ points }) => points.slice(3).map(({ y }) => y)));
  const step = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1].find((one) => top / one <= 8) ?? 0.2;
  const most = Math.ceil(top / step) * step;
  return {
    title,
    x: { label: "of the rows answered", most: 1, ticks: ticksTo(1, 0.1) },
    y: { label: "of the answers wrong", most, ticks: ticksTo(most, step) },
    lines,
  };
}

/** Names a bound by its percentage. */
export function inPercent(bound: number): string {
  return percentText(bound, 2);
}
