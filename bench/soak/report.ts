/** The soak's figures as text and as JSON. */

import type { SoakResult } from "./run.ts";
import type { Settings } from "./settings.ts";
import { slopeOf, type Sample, type Slope } from "./slope.ts";
import type { StopCounts } from "./stops.ts";

/** Samples that hang together, about half a minute of them. */
const blockSamples = 30;

/** Memory at first grows into what the load needs. */
const warmShare = 0.25;

export interface Figures {
  readonly seconds: number;
  readonly sent: number;
  readonly perSecond: number;
  readonly heldBack: number;
  readonly cameUpstream: number;
  readonly wrongBytesUpstream: number;
  readonly wrongBytesToCallers: number;
  readonly unexplainedErrors: number;
  readonly withoutRecord: number;
  readonly records: number;
  readonly recordsUnheard: number;
  readonly reloads: number;
  readonly exitCode: number | null;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly reasons: Readonly<Record<string, number>>;
  readonly events: Readonly<Record<string, number>>;
  /** MiB an hour. */
  readonly rss: MemoryFigures;
  readonly own: MemoryFigures;
  readonly stops: StopCounts | null;
  readonly examples: readonly string[];
}

export interface MemoryFigures extends Slope {
  readonly first: number;
  readonly last: number;
  readonly most: number;
}

export function figuresOf(
  result: SoakResult,
  { seed }: Settings,
  stops: StopCounts | null,
): Figures {
  const { ledger, records, memory, seconds, reloads, exitCode } = result;
  const { missing, unheard } = records.counts;
  return {
    seconds: Math.round(seconds),
    sent: ledger.sent,
    perSecond: ledger.sent / seconds,
    heldBack: ledger.heldBack,
    cameUpstream: ledger.came,
    wrongBytesUpstream: ledger.changed,
    wrongBytesToCallers: ledger.wrong,
    unexplainedErrors: ledger.unexplained,
    withoutRecord: missing + Math.max(0, ledger.seenUnheard - unheard),
    records: records.counts.records,
    recordsUnheard: unheard,
    reloads,
    exitCode,
    outcomes: Object.fromEntries(ledger.because),
    reasons: Object.fromEntries(ledger.reasons),
    events: Object.fromEntries(records.events),
    rss: memoryFigures(memory.rss, seed),
    own: memoryFigures(memory.own, seed),
    stops,
    examples: ledger.examples,
  };
}

function memoryFigures(samples: readonly Sample[], seed: number): MemoryFigures {
  const warm = samples.slice(Math.floor(samples.length * warmShare));
  const values = samples.map(({ value }) => value);
  return {
    ...slopeOf(warm, blockSamples, seed),
    first: warm[0]?.value ?? 0,
    last: warm.at(-1)?.value ?? 0,
    most: Math.max(0, ...values),
  };
}

/** Whether nothing went wrong. */
export function isClean(figures: Figures): boolean {
  const { wrongBytesUpstream, wrongBytesToCallers, unexplainedErrors, withoutRecord } = figures;
  const cut = figures.stops === null ? 0 : figures.stops.cut + figures.stops.badExits;
  const ended = figures.exitCode === 0 ? 0 : 1;
  return (
    wrongBytesUpstream + wrongBytesToCallers + unexplainedErrors + withoutRecord + cut + ended === 0
  );
}

export function reportText(figures: Figures, settings: Settings): string {
  const lines = [
    `${figures.sent} calls in ${figures.seconds} s, ${figures.perSecond.toFixed(1)} a second ` +
      `(x${settings.speed}, seed ${settings.seed}), ${figures.heldBack} held back, ${figures.reloads} reloads`,
    `wrong bytes           upstream ${figures.wrongBytesUpstream} of ${figures.cameUpstream}, callers ${figures.wrongBytesToCallers}`,
    `unexplained errors    ${figures.unexplainedErrors}`,
    `calls without record  ${figures.withoutRecord} (${figures.records} records, ${figures.recordsUnheard} of callers who had left)`,
    `exit code             ${figures.exitCode ?? "a signal"}`,
    memoryLine("RSS", figures.rss),
    memoryLine("own memory", figures.own),
    `outcomes              ${counted(figures.outcomes)}`,
    `reasons               ${counted(figures.reasons)}`,
    `events of the log     ${counted(figures.events)}`,
    ...stopLines(figures.stops),
    ...figures.examples.map((example) => `  ${example}`),
  ];
  return `${lines.join("\n")}\n`;
}

function memoryLine(name: string, { slope, low, high, first, last, most, samples }: MemoryFigures) {
  const growth = `${slope.toFixed(1)} MiB an hour (95 %: ${low.toFixed(1)} to ${high.toFixed(1)})`;
  const ends = `${first.toFixed(0)} to ${last.toFixed(0)} MiB, at most ${most.toFixed(0)}`;
  return `${name.padEnd(22)}${growth}, ${ends}, ${samples} samples after the first quarter`;
}

function stopLines(stops: StopCounts | null): readonly string[] {
  if (stops === null) return [];
  return [
    `SIGTERM               ${stops.rounds} rounds of ${stops.streams} streams: ${stops.cut} cut, ` +
      `${stops.refused} new calls not served as they should, ${stops.badExits} exit codes other than 0`,
  ];
}

function counted(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}
