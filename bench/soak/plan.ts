/** What is to happen with each call of the soak, by seed and number alone: both ends can work it out. */

import { fraction } from "../../examples/simulated-cloud/random.ts";

/** How the upstream fails a call. */
export const faults = [
  "refuse",
  "cut",
  "stall",
  "trickle",
  "status 500",
  "status 503",
  "status 529",
  "status 429",
] as const;

export type Fault = (typeof faults)[number];

/** When a caller leaves, or how it reads. */
export type Leaving = "before-reply" | "mid-reply";

export interface CallPlan {
  readonly number: number;
  readonly isStream: boolean;
  readonly fault: Fault | null;
  readonly leaving: Leaving | null;
  /** Takes a pause in the middle of the reply. */
  readonly isSlow: boolean;
  /** From 0 to 1, for times and places within the call. */
  readonly chance: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly faults: number;
  readonly aborts: number;
}

const slowShare = 0.02;

/** The plan of call `number`; the same whenever it is asked for. */
export function planOf(number: number, options: PlanOptions): CallPlan {
  const drawn = (what: string): number => fraction(options.seed, number, what);
  const kind = faults[Math.floor(drawn("kind") * faults.length)] ?? null;
  return {
    number,
    isStream: drawn("stream") < 0.5,
    fault: drawn("fault") < options.faults ? kind : null,
    leaving: leavingOf(drawn("leaving"), options.aborts, drawn("phase")),
    isSlow: drawn("slow") < slowShare,
    chance: drawn("chance"),
  };
}

function leavingOf(drawn: number, share: number, which: number): Leaving | null {
  if (drawn >= share) return null;
  return which < 0.5 ? "before-reply" : "mid-reply";
}
