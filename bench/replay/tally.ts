/** Counts verdicts by group: all rows, unseen rows, the answerable ones among them, and each class. */

import type { Price } from "../../proxy/core/policy.ts";
import { costOf } from "../../proxy/policy/prices.ts";
import { isAnswerable } from "./row.ts";
import type { Row } from "./row.ts";
import type { Verdict } from "./verdict.ts";

export interface Group {
  readonly name: string;
  rows: number;
  local: number;
  cache: number;
  forwarded: number;
  failed: number;
  /** Of the rows answered by the policy, and of those answered from the cache. */
  wrongLocal: number;
  wrongCache: number;
  leaked: number;
  /** What the rows answered here would have cost at list prices, with the real calls' token counts. */
  savedUsd: number;
  /** The same for all rows of the group. */
  costUsd: number;
}

export class Tally {
  readonly all: Group = emptyGroup("all rows");
  readonly unseen: Group = emptyGroup("unseen rows");
  readonly answerable: Group = emptyGroup("unseen, answerable");
  /** As the published comparison counts. */
  readonly plain: Group = emptyGroup("  without faq_entity");
  readonly #classes = new Map<string, Group>();
  readonly #price: Price | null;
  /** Rows that got the cloud's answer to another row: the replay's own fault. */
  mixedUp = 0;

  constructor(price: Price | null) {
    this.#price = price;
  }

  /** Largest first. */
  classes(): readonly Group[] {
    return [...this.#classes.values()].toSorted((a, b) => b.rows - a.rows);
  }

  add(row: Row, verdict: Verdict, isUnseen: boolean): void {
    const own = this.#classes.get(row.class) ?? emptyGroup(row.class);
    this.#classes.set(row.class, own);
    const isWanted = isUnseen && isAnswerable(row);
    const groups = [this.all, own];
    if (isUnseen) groups.push(this.unseen);
    if (isWanted) groups.push(this.answerable);
    if (isWanted && row.class !== "faq_entity") groups.push(this.plain);
    for (const group of groups) this.#addTo(group, row, verdict);
    if (verdict.mixedUp) this.mixedUp += 1;
  }

  #addTo(group: Group, row: Row, { from, wrong, leaked }: Verdict): void {
    const usage = { inputTokens: row.azure_in, outputTokens: row.azure_out, isEstimate: false };
    const costUsd = this.#price === null ? 0 : costOf(this.#price, usage);
    group.rows += 1;
    group.costUsd += costUsd;
    group[from === "cloud" ? "forwarded" : from] += 1;
    if (wrong) group[from === "local" ? "wrongLocal" : "wrongCache"] += 1;
    if (leaked) group.leaked += 1;
    if (from === "local" || from === "cache") group.savedUsd += costUsd;
  }
}

export function answeredCount(group: Group): number {
  return group.local + group.cache;
}

export function wrongCount(group: Group): number {
  return group.wrongLocal + group.wrongCache;
}

/** From 0 to 1; 0 where there is nothing to divide by. */
export function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function emptyGroup(name: string): Group {
  const counts = { rows: 0, local: 0, cache: 0, forwarded: 0, failed: 0 };
  return { name, ...counts, wrongLocal: 0, wrongCache: 0, leaked: 0, savedUsd: 0, costUsd: 0 };
}
