/** What held-out judgements say of a set of intents: accuracy, coverage, confusions, and what to mend; printed by train.ts. */
import type { Judgement } from "../inference/holdout.ts";

/** Share answered and share wrong of those, at one bound. */
export interface Coverage {
  readonly maxWrong: number;
  readonly answered: number;
  readonly wrong: number;
}

export interface Confusion {
  readonly intent: string;
  readonly found: string;
  readonly count: number;
  readonly example: string;
}

/** Two intents whose sentences are taken for each other's; `share` is of the smaller one's. */
export interface Overlap {
  readonly intents: readonly [string, string];
  readonly share: number;
}

export interface Report {
  readonly sentences: number;
  readonly accuracy: number;
  /** Half the width of the 95 % interval. */
  readonly accuracyError: number;
  /** Largest share that can be answered with at least 99 % right. */
  readonly coverageAt99: number;
  readonly coverage: readonly Coverage[];
  readonly confusions: readonly Confusion[];
  /** Sentences that all others take for another intent, surest first. */
  readonly suspects: readonly Judgement[];
  readonly overlaps: readonly Overlap[];
  /** Intents with too few sentences to be learned well. */
  readonly thin: readonly string[];
}

const bounds = [0.005, 0.01, 0.02, 0.05];
const shown = 10;
const suspectFrom = 0.9;
const overlapFrom = 0.15;
const fewSentences = 5;

/** Figures of all judgements. */
export function reportOf(judgements: readonly Judgement[]): Report {
  const count = judgements.length;
  const accuracy = judgements.filter(isRight).length / Math.max(1, count);
  return {
    sentences: count,
    accuracy,
    accuracyError: 1.96 * Math.sqrt((accuracy * (1 - accuracy)) / Math.max(1, count)),
    coverageAt99: coverageAt99(judgements),
    coverage: bounds.map((maxWrong) => coverageOf(judgements, maxWrong)),
    confusions: confusionsOf(judgements).slice(0, shown),
    suspects: suspectsOf(judgements),
    overlaps: overlapsOf(judgements),
    thin: [...sizes(judgements)].flatMap(([name, size]) => (size < fewSentences ? [name] : [])),
  };
}

function isRight({ intent, found }: Judgement): boolean {
  return intent === found;
}

function coverageOf(judgements: readonly Judgement[], maxWrong: number): Coverage {
  const answered = judgements.filter((one) => !one.isBarred && one.wrong <= maxWrong);
  const wrong = answered.filter((one) => !isRight(one)).length;
  return {
    maxWrong,
    answered: answered.length / Math.max(1, judgements.length),
    wrong: wrong / Math.max(1, answered.length),
  };
}

function coverageAt99(judgements: readonly Judgement[]): number {
  const sure = judgements.filter((one) => !one.isBarred).toSorted((a, b) => a.wrong - b.wrong);
  let right = 0;
  let best = 0;
  sure.forEach((one, at) => {
    right += isRight(one) ? 1 : 0;
    const isLastOfEquals = sure[at + 1]?.wrong !== one.wrong;
    if (isLastOfEquals && right >= 0.99 * (at + 1)) best = at + 1;
  });
  return best / Math.max(1, judgements.length);
}

function confusionsOf(judgements: readonly Judgement[]): Confusion[] {
  const mistaken = judgements.filter((one) => !isRight(one));
  const groups = Map.groupBy(mistaken, ({ intent, found }) => JSON.stringify([intent, found]));
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { intent, found, text } = first;
      return [{ intent, found, count: group.length, example: text }];
    })
    .toSorted((a, b) => b.count - a.count);
}

function suspectsOf(judgements: readonly Judgement[]): Judgement[] {
  return judgements
    .filter((one) => !isRight(one) && one.confidence >= suspectFrom)
    .toSorted((a, b) => b.confidence - a.confidence)
    .slice(0, shown);
}

function sizes(judgements: readonly Judgement[]): ReadonlyMap<string, number> {
  const groups = Map.groupBy(judgements, ({ intent }) => intent);
  return new Map([...groups].map(([name, group]) => [name, group.length]));
}

function overlapsOf(judgements: readonly Judgement[]): Overlap[] {
  const size = sizes(judgements);
  const counts = new Map<string, number>();
  for (const { intent, found } of judgements) {
    if (intent === found) continue;
    const key = JSON.stringify([intent, found].toSorted());
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...new Set(judgements.map(({ intent }) => intent))]
    .flatMap((one, at, names) => names.slice(at + 1).map((other) => [one, other] as const))
    .map(([one, other]) => {
      const count = counts.get(JSON.stringify([one, other].toSorted())) ?? 0;
      const smaller = Math.min(size.get(one) ?? 1, size.get(other) ?? 1);
      return { intents: [one, other] as const, share: count / smaller };
    })
    .filter(({ share }) => share >= overlapFrom)
    .toSorted((a, b) => b.share - a.share)
    .slice(0, shown);
}

/** The report for a terminal. */
export function reportLines(report: Report): readonly string[] {
  return [
    `held out      ${report.sentences} sentences, each judged by a fit that had not seen it`,
    `accuracy      ${percent(report.accuracy)} (within ${percent(report.accuracyError)})`,
    `at 99 % right ${percent(report.coverageAt99)} could be answered`,
    ...report.coverage.map(
      ({ maxWrong, answered, wrong }) =>
        `max_wrong ${percent(maxWrong).padEnd(6)}${percent(answered)} answered, ${percent(wrong)} of them wrong`,
    ),
    ...section(
      "confusions",
      report.confusions.map(
        (one) => `${one.count} x ${one.intent} -> ${one.found}: "${one.example}"`,
      ),
    ),
    ...section("suggestions", suggestions(report)),
  ];
}

function suggestions({ suspects, overlaps, thin }: Report): readonly string[] {
  return [
    ...suspects.map(
      ({ text, intent, found }) => `"${text}" is labelled ${intent} and looks like ${found}`,
    ),
    ...overlaps.map(
      ({ intents: [one, other], share }) =>
        `${one} and ${other} overlap (${percent(share)}): join them, or tell them apart with \`not\` sentences`,
    ),
    ...thin.map((name) => `${name} has fewer than ${fewSentences} sentences: give it more`),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}
