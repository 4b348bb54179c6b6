/** The replay's figures as text for people and as JSON for programs. */

import type { Settings } from "./settings.ts";
import { answeredCount, share, wrongCount } from "./tally.ts";
import type { Group, Tally } from "./tally.ts";

export interface RunFacts {
  readonly settings: Settings;
  readonly seconds: number;
  /** What the sidecar took by itself, in milliseconds, as it says in its headers. */
  readonly overheadMs: { readonly p50: number; readonly p99: number };
  /** How often each reason was given. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Sentences and items of the policy. */
  readonly policy: { readonly items: number; readonly sentences: number };
  readonly wrongFile: string;
  /** List price and its date; null when the model has none. */
  readonly price: { readonly model: string; readonly asOf: string } | null;
}

type Cells = readonly string[];

const HEAD: Cells = [
  "",
  "rows",
  "local",
  "cache",
  "forwarded",
  "failed",
  "answered",
  "wrong",
  "wrong of answered",
  "leaked",
  "saved",
];

export function reportText(tally: Tally, facts: RunFacts): string {
  const groups = [tally.all, tally.unseen, tally.answerable, tally.plain];
  const blank = HEAD.map(() => "");
  const table = [HEAD, ...groups.map(cellsOf), blank, ...tally.classes().map(cellsOf)];
  return [...aligned(table), "", ...bars(tally), "", ...remarks(tally, facts), ""].join("\n");
}

function cellsOf(group: Group): Cells {
  return [
    group.name,
    String(group.rows),
    String(group.local),
    String(group.cache),
    String(group.forwarded),
    String(group.failed),
    percent(share(answeredCount(group), group.rows)),
    String(wrongCount(group)),
    percent(share(wrongCount(group), answeredCount(group))),
    String(group.leaked),
    `$${group.savedUsd.toFixed(2)}`,
  ];
}

/** First column to the left, the others to the right. */
function aligned(table: readonly Cells[]): readonly string[] {
  const widths = HEAD.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

interface Bar {
  readonly text: string;
  readonly met: boolean;
}

/**
 * The published bars. The one for unseen rows is held against the policy's own answers: counting those
 * from the cache would raise the share answered and thin out the wrong ones at the same time.
 */
export function barsOf(tally: Tally): readonly Bar[] {
  const { all, unseen, plain } = tally;
  const coverage = share(answeredCount(all), all.rows);
  const wrongAll = share(wrongCount(all), answeredCount(all));
  const local = share(plain.local, plain.rows);
  const wrongLocal = share(unseen.wrongLocal, unseen.local);
  const both = share(answeredCount(plain), plain.rows);
  const wrongBoth = share(wrongCount(unseen), answeredCount(unseen));
  return [
    {
      text: `all rows: ${percent(coverage)} without the cloud (bar 30 %), ${percent(wrongAll)} of those wrong (bar 1 %)`,
      met: coverage >= 0.3 && wrongAll <= 0.01,
    },
    {
      text: `unseen answerable rows without faq_entity, by the policy: ${percent(local)} (bar 40 %), ${percent(wrongLocal)} of its answers to unseen rows wrong (bar 1 %); with the cache ${percent(both)}, ${percent(wrongBoth)} wrong`,
      met: local >= 0.4 && wrongLocal <= 0.01,
    },
    { text: `leaked: ${all.leaked} (bar 0)`, met: all.leaked === 0 },
  ];
}

function bars(tally: Tally): readonly string[] {
  return barsOf(tally).map(({ text, met }) => `${met ? "met    " : "missed "} ${text}`);
}

function remarks(tally: Tally, facts: RunFacts): readonly string[] {
  const { settings, seconds, overheadMs, policy, price } = facts;
  const reasons = [...facts.reasons].toSorted(([, a], [, b]) => b - a);
  const priced =
    price === null
      ? "no list price is known for the model"
      : `estimate at the list price of ${price.model} as of ${price.asOf}, with the token counts of the real calls`;
  return [
    `Policy: ${policy.sentences} sentences of ${policy.items} items, seed ${settings.seed}, at most ${settings.maxWrong} wrong a route, cache ${settings.cache ? "on" : "off"}.`,
    `Saved $${tally.all.savedUsd.toFixed(2)} of $${tally.all.costUsd.toFixed(2)}: ${priced}.`,
    `${tally.all.rows} calls in ${seconds.toFixed(1)} s, ${settings.concurrency} at a time; the sidecar's own share p50 ${overheadMs.p50.toFixed(1)} ms, p99 ${overheadMs.p99.toFixed(1)} ms.`,
    `Reasons: ${reasons.map(([reason, count]) => `${reason} ${count}`).join(", ")}.`,
    ...(tally.mixedUp === 0
      ? []
      : [`${tally.mixedUp} rows got the cloud's answer to another row.`]),
    `Wrong and leaked rows: ${facts.wrongFile}`,
  ];
}

export function reportJson(tally: Tally, facts: RunFacts): string {
  const report = {
    all: tally.all,
    unseen: tally.unseen,
    unseenAnswerable: tally.answerable,
    unseenAnswerableWithoutEntities: tally.plain,
    classes: tally.classes(),
    mixedUp: tally.mixedUp,
    bars: barsOf(tally),
    settings: facts.settings,
    policy: facts.policy,
    price: facts.price,
    seconds: facts.seconds,
    overheadMs: facts.overheadMs,
    reasons: Object.fromEntries(facts.reasons),
    wrongFile: facts.wrongFile,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function percent(value: number): string {
  return `${(value * 100).toFixed(value > 0 && value < 0.1 ? 2 : 1)} %`;
}
