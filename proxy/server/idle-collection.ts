/** Gives memory back once a busy time is over, which the runtime by itself may put off for minutes; ground begins it. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ActivityCounts } from "./activity.ts";

/** Whoever counts what goes on. */
export interface Counted {
  counts(): Pick<ActivityCounts, "calls" | "tunnels" | "served">;
}

/** What it looks at, and what it does. */
export interface IdleCollectionParts {
  readonly listener: Counted;
  /** Resident bytes. */
  readonly resident: () => number;
  readonly collect: () => void;
}

const everyMs = 1000;

/**
 * So often in a row nothing may have gone on. A collection takes a tenth of a second, for which no call shall wait, and
 * throws away part of what was compiled, which the next busy time would need: a short pause is no reason.
 */
const quietLooks = 30;

/** Less growth is not worth it. */
const notableGrowth = 1.2;

/** Collects at most once after each busy time. */
export class IdleCollection {
  readonly #parts: IdleCollectionParts;
  #served = 0;
  #quiet = 0;
  /** Calls that had been served when it was last settled whether to collect. */
  #settled = 0;
  /** Resident bytes after the last collection. */
  #rested = 0;

  constructor(parts: IdleCollectionParts) {
    this.#parts = parts;
  }

  look(): void {
    const { calls, tunnels, served } = this.#parts.listener.counts();
    const isQuiet = calls + tunnels === 0 && served === this.#served;
    this.#quiet = isQuiet ? this.#quiet + 1 : 0;
    this.#served = served;
    if (this.#quiet < quietLooks || served === this.#settled) return;
    this.#settled = served;
    if (this.#parts.resident() < this.#rested * notableGrowth) return;
    this.#parts.collect();
    this.#rested = this.#parts.resident();
  }
}

/** Looks again and again; returns how to stop. */
export function collectWhenIdle(listener: Counted): () => void {
  const collection = new IdleCollection({ listener, resident, collect: collectAll });
  const timer = setInterval(() => collection.look(), everyMs).unref();
  return () => clearInterval(timer);
}

function resident(): number {
  return process.memoryUsage.rss();
}

/** Gives the pages back, too: an ordinary collection keeps them for the next burst. The second gives what the first has made free. */
function collectAll(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") return;
  for (let round = 0; round < 2; round += 1) collect({ type: "major", flavor: "last-resort" });
}
