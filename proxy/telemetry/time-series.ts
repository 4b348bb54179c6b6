/** Traffic and savings in buckets of equal length: a ring that is as long as it will ever be; used by report. */
import type { DecisionKind, DecisionRecord } from "../core/decision.ts";

/** What is added up of the calls of one stretch of time. */
export interface TrafficBucket extends Readonly<Record<DecisionKind, number>> {
  /** Epoch milliseconds at which it begins. */
  readonly atMs: number;
  /** Observed calls that would have been answered in the pod. */
  readonly would: number;
  /** Replies that the provider broke off, and statuses from 500 on. */
  readonly failed: number;
  readonly costUsd: number;
  readonly savedUsd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

type Sum = { -readonly [Key in keyof TrafficBucket]: number };

/** The newest `length` buckets of `stepMs`. */
export class TimeSeries {
  readonly stepMs: number;
  readonly length: number;
  readonly #sums: (Sum | undefined)[];

  constructor(stepMs: number, length: number) {
    this.stepMs = stepMs;
    this.length = length;
    this.#sums = Array.from({ length });
  }

  add(record: DecisionRecord, nowMs: number): void {
    const { verdict, usage } = record;
    const sum = this.#sumAt(nowMs);
    sum[verdict.decision] += 1;
    if (isAnswer(verdict.would?.decision)) sum.would += 1;
    if (isFailed(record)) sum.failed += 1;
    sum.costUsd += verdict.costUsd ?? 0;
    sum.savedUsd += verdict.savedUsd ?? 0;
    sum.inputTokens += usage?.inputTokens ?? 0;
    sum.outputTokens += usage?.outputTokens ?? 0;
  }

  /** The buckets with calls, oldest first. */
  buckets(nowMs: number): readonly TrafficBucket[] {
    const oldestMs = this.#begin(nowMs) - (this.length - 1) * this.stepMs;
    return this.#sums
      .filter((sum) => sum !== undefined && sum.atMs >= oldestMs)
      .map((sum) => ({ ...empty(0), ...sum }))
      .toSorted((one, other) => one.atMs - other.atMs);
  }

  #sumAt(nowMs: number): Sum {
    const atMs = this.#begin(nowMs);
    const index = this.#index(atMs);
    const known = this.#sums[index];
    if (known?.atMs === atMs) return known;
    const sum = empty(atMs);
    this.#sums[index] = sum;
    return sum;
  }

  #begin(nowMs: number): number {
    return Math.floor(nowMs / this.stepMs) * this.stepMs;
  }

  #index(atMs: number): number {
    return (atMs / this.stepMs) % this.length;
  }
}

/** Whether a decision keeps a call away from the provider by answering it. */
export function isAnswer(decision: DecisionKind | undefined): boolean {
  return decision === "local" || decision === "cache" || decision === "stale";
}

/** Whether a call ended as no caller wants it. */
export function isFailed({ status, ending }: DecisionRecord): boolean {
  return status >= 500 || ending === "cut";
}

function empty(atMs: number): Sum {
  const money = { costUsd: 0, savedUsd: 0, inputTokens: 0, outputTokens: 0 };
  return {
    atMs,
    local: 0,
    cache: 0,
    stale: 0,
    forwarded: 0,
    refused: 0,
    would: 0,
    failed: 0,
    ...money,
  };
}
