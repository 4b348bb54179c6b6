/** Traffic, savings and delays since the start, by time, route, reason and upstream, in bounded memory; the admin listener's `/report`. */
import type { DecisionKind, DecisionRecord } from "../core/decision.ts";
import type { ReasonCode } from "../core/reasons.ts";
import { LabelCap } from "./label-cap.ts";
import { LogHistogram } from "./log-histogram.ts";
import { isAnswer, isFailed, TimeSeries, type TrafficBucket } from "./time-series.ts";

/** Stretches of time that can be asked for, with their buckets. */
const reportSpans = {
  "1h": { stepMs: 10_000, length: 360 },
  "24h": { stepMs: 300_000, length: 288 },
  "14d": { stepMs: 3_600_000, length: 336 },
} as const;

/** The name of a stretch. */
export type ReportSpan = keyof typeof reportSpans;

/** Whether a text names one. */
export function isReportSpan(text: string): text is ReportSpan {
  return Object.hasOwn(reportSpans, text);
}

/** Most routes and upstreams told apart; every further one counts as "other". */
const mostNames = 100;

/** Quantiles of durations in milliseconds, each the upper end of its bucket; null without a call. */
export interface Quantiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** What is known of one route. */
export interface RouteTotals extends Readonly<Record<DecisionKind, number>> {
  readonly route: string;
  readonly would: number;
  readonly costUsd: number;
  readonly savedUsd: number;
}

/** What is known of a provider, or of a target. */
export interface UpstreamTotals {
  readonly name: string;
  readonly requests: number;
  readonly failed: number;
  readonly costUsd: number;
  /** From the request's head to the reply's first byte. */
  readonly firstByteMs: Quantiles;
}

/** Sums over all calls since the start. */
export interface Totals extends Readonly<Record<DecisionKind, number>> {
  readonly requests: number;
  readonly would: number;
  readonly failed: number;
  readonly costUsd: number;
  readonly savedUsd: number;
  /** Of these, what the cache saved. */
  readonly savedByCacheUsd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Answers, and forwarded calls with known usage, whose model has no price: they count nothing. */
  readonly unpriced: number;
  /** Our own share of a call. */
  readonly overheadMs: Quantiles;
}

/** The whole report; written as JSON. */
export interface ReportPage {
  readonly span: ReportSpan;
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly stepMs: number;
  /** How many buckets the span has; those without a call are left out. */
  readonly steps: number;
  readonly buckets: readonly TrafficBucket[];
  readonly totals: Totals;
  readonly routes: readonly RouteTotals[];
  readonly reasons: Readonly<Record<string, number>>;
  readonly upstreams: readonly UpstreamTotals[];
}

type Sums<Of> = { -readonly [Key in keyof Of as Of[Key] extends number ? Key : never]: number };

interface UpstreamSums extends Sums<UpstreamTotals> {
  readonly firstByte: LogHistogram;
}

/** Fed by the recorder; never throws and never waits. */
export class Report {
  readonly #now: () => number;
  readonly #startedAtMs: number;
  readonly #series: Readonly<Record<ReportSpan, TimeSeries>>;
  readonly #totals: Sums<Totals> = { ...noCalls(), requests: 0, failed: 0, ...noTokens() };
  readonly #overhead: LogHistogram = new LogHistogram();
  readonly #routes: Map<string, Sums<RouteTotals>> = new Map();
  readonly #reasons: Map<ReasonCode, number> = new Map();
  readonly #upstreams: Map<string, UpstreamSums> = new Map();
  readonly #routeCap: LabelCap = new LabelCap(mostNames);
  readonly #upstreamCap: LabelCap = new LabelCap(mostNames);

  /** `now` is epoch milliseconds. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#startedAtMs = now();
    this.#series = {
      "1h": seriesOf("1h"),
      "24h": seriesOf("24h"),
      "14d": seriesOf("14d"),
    };
  }

  record(record: DecisionRecord): void {
    const nowMs = this.#now();
    for (const series of Object.values(this.#series)) series.add(record, nowMs);
    const { verdict } = record;
    this.#addTotals(record);
    this.#overhead.add(record.overheadMs);
    const route = this.#routeCap.label(verdict.would?.route ?? verdict.route);
    addCall(entryOf(this.#routes, route, noCalls), record);
    this.#reasons.set(verdict.reason, (this.#reasons.get(verdict.reason) ?? 0) + 1);
    this.#addUpstream(record);
  }

  page(span: ReportSpan): ReportPage {
    const nowMs = this.#now();
    const series = this.#series[span];
    return {
      span,
      startedAtMs: this.#startedAtMs,
      nowMs,
      stepMs: series.stepMs,
      steps: series.length,
      buckets: series.buckets(nowMs),
      totals: { ...this.#totals, overheadMs: quantilesOf(this.#overhead) },
      routes: Array.from(this.#routes, ([route, sums]) => ({ route, ...sums })),
      reasons: Object.fromEntries(this.#reasons),
      upstreams: Array.from(this.#upstreams, ([name, { firstByte, ...sums }]) => ({
        name,
        ...sums,
        firstByteMs: quantilesOf(firstByte),
      })),
    };
  }

  #addTotals(record: DecisionRecord): void {
    const totals = this.#totals;
    const { verdict, usage } = record;
    addCall(totals, record);
    totals.requests += 1;
    if (isFailed(record)) totals.failed += 1;
    totals.inputTokens += usage?.inputTokens ?? 0;
    totals.outputTokens += usage?.outputTokens ?? 0;
    if (isUnpriced(record)) totals.unpriced += 1;
    if (verdict.decision === "cache" || verdict.decision === "stale") {
      totals.savedByCacheUsd += verdict.savedUsd ?? 0;
    }
  }

  #addUpstream(record: DecisionRecord): void {
    const { target, provider, costUsd } = record.verdict;
    const named = target ?? provider;
    if (named === null) return;
    const name = this.#upstreamCap.label(named);
    const sums = entryOf(this.#upstreams, name, noUpstreamCalls);
    sums.requests += 1;
    if (isFailed(record)) sums.failed += 1;
    sums.costUsd += costUsd ?? 0;
    sums.firstByte.add(record.firstByteMs);
  }
}

function addCall(sums: Sums<RouteTotals>, { verdict }: DecisionRecord): void {
  sums[verdict.decision] += 1;
  if (isAnswer(verdict.would?.decision)) sums.would += 1;
  sums.costUsd += verdict.costUsd ?? 0;
  sums.savedUsd += verdict.savedUsd ?? 0;
}

function isUnpriced({ verdict, usage }: DecisionRecord): boolean {
  if (isAnswer(verdict.decision)) return verdict.savedUsd === null;
  return verdict.decision === "forwarded" && usage !== null && verdict.costUsd === null;
}

function entryOf<Of>(map: Map<string, Of>, name: string, fresh: () => Of): Of {
  const known = map.get(name);
  if (known !== undefined) return known;
  const made = fresh();
  map.set(name, made);
  return made;
}

function noCalls(): Sums<RouteTotals> {
  const kinds = { local: 0, cache: 0, stale: 0, forwarded: 0, refused: 0 };
  return { ...kinds, would: 0, costUsd: 0, savedUsd: 0 };
}

function noTokens() {
  return { inputTokens: 0, outputTokens: 0, unpriced: 0, savedByCacheUsd: 0 };
}

function noUpstreamCalls(): UpstreamSums {
  return { requests: 0, failed: 0, costUsd: 0, firstByte: new LogHistogram() };
}

function quantilesOf(histogram: LogHistogram): Quantiles {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => histogram.quantile(share));
  return { p50: p50 ?? null, p95: p95 ?? null, p99: p99 ?? null };
}

function seriesOf(span: ReportSpan): TimeSeries {
  const { stepMs, length } = reportSpans[span];
  return new TimeSeries(stepMs, length);
}
