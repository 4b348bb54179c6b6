/** The demo's last words: how many calls took which way, how long they took, what was saved. */

import type { Decision } from "./call.ts";
import type { Performance, Performed } from "./performance.ts";
import { usd } from "./table.ts";

const SAVING: readonly Decision[] = ["local", "cache", "stale"];

export function playSummary(show: Performance): void {
  const { performed, complaints } = show;
  show.chapter("Summary");
  const saved = performed.filter(({ outcome }) => SAVING.includes(outcome.decision));
  const share = Math.round((100 * saved.length) / Math.max(1, performed.length));
  show.say(`${performed.length} calls, ${saved.length} of them (${share} %) without the cloud:`);
  for (const [decision, group] of byDecision(performed)) {
    const median = medianMs(group).toFixed(0);
    show.say(`  ${decision.padEnd(10)} ${String(group.length).padStart(3)}   median ${median} ms`);
  }
  const cost = sum(performed.map(({ outcome }) => outcome.costUsd ?? 0));
  const kept = sum(performed.map(({ outcome }) => outcome.savedUsd ?? 0));
  show.say(`Cost ${usd(cost)}, saved ${usd(kept)}: estimates at list prices.`);
  if (complaints.length === 0) {
    show.say(show.terminal.paint("green", "Everything went as expected."));
    return;
  }
  show.say(show.terminal.paint("red", `${complaints.length} things were not as expected:`));
  for (const text of complaints) show.say(`  ${text}`);
}

function byDecision(performed: readonly Performed[]): ReadonlyMap<Decision, readonly Performed[]> {
  return Map.groupBy(performed, ({ outcome }) => outcome.decision);
}

function medianMs(group: readonly Performed[]): number {
  const sorted = group.map(({ outcome }) => outcome.durationMs).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
