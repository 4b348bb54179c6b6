/** Plays the ordered faults: decides for each call which fault, if any, hits it. */

import type { Fault, FaultMatch } from "./fault.ts";

/** What a fault's `match` is held against. */
export interface FaultSubject {
  readonly path: string;
  readonly model: string | undefined;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface FaultProgress {
  readonly fault: Fault;
  /** Matching calls seen so far. */
  readonly seen: number;
  readonly spent: boolean;
}

interface Entry {
  readonly fault: Fault;
  seen: number;
}

export class FaultScript {
  readonly #entries: Entry[] = [];

  constructor(faults: readonly Fault[] = []) {
    this.add(faults);
  }

  add(faults: readonly Fault[]): void {
    for (const fault of faults) this.#entries.push({ fault, seen: 0 });
  }

  clear(): void {
    this.#entries.length = 0;
  }

  progress(): readonly FaultProgress[] {
    return this.#entries.map((entry) => ({
      fault: entry.fault,
      seen: entry.seen,
      spent: isSpent(entry),
    }));
  }

  /** The first fault that matches and is not spent; counts the call for that fault alone. */
  take(subject: FaultSubject): Fault | undefined {
    for (const entry of this.#entries) {
      if (isSpent(entry) || !matches(entry.fault.match, subject)) continue;
      entry.seen += 1;
      if (entry.seen > (entry.fault.skip ?? 0)) return entry.fault;
    }
    return undefined;
  }
}

function isSpent({ fault, seen }: Entry): boolean {
  const times = fault.times ?? 1;
  return times > 0 && seen >= (fault.skip ?? 0) + times;
}

function matches(match: FaultMatch | undefined, subject: FaultSubject): boolean {
  if (match === undefined) return true;
  const { path, model, text, header } = match;
  if (path !== undefined && !subject.path.startsWith(path)) return false;
  if (model !== undefined && subject.model !== model) return false;
  if (text !== undefined && !subject.text.includes(text)) return false;
  return header === undefined || subject.headers[header.toLowerCase()] !== undefined;
}
