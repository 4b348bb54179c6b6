/** Counts what became of the soak's calls. */

import type { Outcome } from "./caller.ts";
import type { CallPlan } from "./plan.ts";
import type { Verdict } from "./verdict.ts";

/** Most examples of what went wrong that are kept. */
const mostExamples = 20;

export class Ledger {
  sent = 0;
  /** Calls that were not sent, since too many were under way already. */
  heldBack = 0;
  /** Bodies that reached the upstream, and those of them that were not what had been sent. */
  came = 0;
  changed = 0;
  /** Replies with a byte that nobody sent. */
  wrong = 0;
  unexplained = 0;
  /** Calls whose caller heard no id before it left, and those of such callers that reached the upstream. */
  readonly unheard: Set<number> = new Set<number>();
  readonly cameOfLeavers: Set<number> = new Set<number>();
  readonly because: Map<string, number> = new Map<string, number>();
  readonly reasons: Map<string, number> = new Map<string, number>();
  readonly examples: string[] = [];

  settled(plan: CallPlan, outcome: Outcome, verdict: Verdict): void {
    const because = verdict.because ?? (verdict.isWrong ? "wrong" : "unexplained");
    count(this.because, because);
    if (outcome.id === "") this.unheard.add(plan.number);
    if (outcome.reason !== "") count(this.reasons, outcome.reason);
    if (verdict.because !== null) return;
    if (verdict.isWrong) this.wrong += 1;
    else this.unexplained += 1;
    this.example({ ...plan, ...outcome, body: outcome.body.toString("latin1", 0, 300) });
  }

  /** Calls that the upstream has seen and whose caller cannot tell their id: each has a record as well. */
  get seenUnheard(): number {
    return [...this.unheard].filter((number) => this.cameOfLeavers.has(number)).length;
  }

  example(what: object): void {
    if (this.examples.length < mostExamples) this.examples.push(JSON.stringify(what));
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
