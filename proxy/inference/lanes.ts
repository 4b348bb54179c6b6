/** What waits for the worker: live calls by deadline, and behind them the sentences of a fitting; used by classifier.ts. */
import type { ClassifierFault } from "../core/ports.ts";
import type { Classification } from "../core/signals.ts";
import { DeadlineQueue } from "./deadline-queue.ts";

/** How a task ends. */
export type Outcome = Classification | ClassifierFault;

/** A text on its way through the model. */
export interface Job {
  readonly id: number;
  readonly text: string;
  /** Monotonic milliseconds; Infinity in the slow lane. */
  readonly deadlineMs: number;
  readonly isLive: boolean;
  readonly settle: (outcome: Outcome) => void;
  timer: NodeJS.Timeout | undefined;
  attempts: number;
}

// Under full load every ninth run is a fitting's, or a reload would never end.
const liveShare = 8;

/** The two lanes. */
export class Lanes {
  readonly #live = new DeadlineQueue<Job>();
  #slow: Job[] = [];
  #liveInRow = 0;

  /** Live calls that wait. */
  get waiting(): number {
    return this.#live.size;
  }

  add(job: Job): void {
    if (job.isLive) this.#live.push(job);
    if (!job.isLive) this.#slow.push(job);
  }

  /** A slow job whose run was lost goes first again. */
  putBack(job: Job): void {
    this.#slow.unshift(job);
  }

  remove(job: Job): void {
    this.#live.remove(job);
  }

  /** The next to run; a slow one only when the worker is idle, so that a live call waits for one run at most. */
  next(isIdle: boolean): Job | undefined {
    const isSlowDue = this.#slow.length > 0 && this.#liveInRow >= liveShare;
    const live = isSlowDue ? undefined : this.#live.pop();
    if (live !== undefined) {
      this.#liveInRow += 1;
      return live;
    }
    if (!isIdle && !isSlowDue) return undefined;
    this.#liveInRow = 0;
    return this.#slow.shift();
  }

  takeLive(): readonly Job[] {
    const jobs: Job[] = [];
    for (let job = this.#live.pop(); job !== undefined; job = this.#live.pop()) jobs.push(job);
    return jobs;
  }

  takeSlow(): readonly Job[] {
    const jobs = this.#slow;
    this.#slow = [];
    return jobs;
  }
}
