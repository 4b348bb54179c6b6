/** Watches how near the process comes to its memory limit and says while it is too near; ground makes one, receive asks it. */
import { readFileSync } from "node:fs";
import { memoryLimit } from "./room.ts";

/** What a look at the memory finds. */
export interface MemoryUse {
  readonly usedBytes: number;
  /** Infinity where nobody has set one. */
  readonly limitBytes: number;
}

/** How the watch looks, and who hears of it. */
export interface MemoryWatchParts {
  /** Null when the system does not say now: then everything stays as it was. */
  readonly read: () => MemoryUse | null;
  /** Memory has become low, or is no longer. */
  readonly changed: (isLow: boolean, use: MemoryUse) => void;
}

/** From this share of the limit on, no more is held than passing calls on takes. */
const lowShare = 0.9;

/** Below it there is room again; nearer to the other bound, holding would begin and end all the time. */
const enoughShare = 0.8;

const everyMs = 1000;

/** The watch of one process. */
export class MemoryWatch {
  readonly #parts: MemoryWatchParts;
  #isLow = false;

  constructor(parts: MemoryWatchParts) {
    this.#parts = parts;
  }

  get isLow(): boolean {
    return this.#isLow;
  }

  look(): void {
    const use = this.#parts.read();
    if (use === null) return;
    const isLow = use.usedBytes >= use.limitBytes * (this.#isLow ? enoughShare : lowShare);
    if (isLow === this.#isLow) return;
    this.#isLow = isLow;
    this.#parts.changed(isLow, use);
  }

  /** Looks again and again; returns how to stop. */
  begin(): () => void {
    const timer = setInterval(() => this.look(), everyMs).unref();
    return () => clearInterval(timer);
  }
}

/**
 * Memory of the process's own against its limit. Resident memory, and the group's less its inactive files, count the
 * runtime's own file too, which the kernel drops before it kills anybody and reads again: in a pod of 128 MiB an idle
 * process would stand at four fifths for that alone.
 */
export function memoryUse(): MemoryUse | null {
  // Anew each time, since a cluster may resize a running container.
  const limitBytes = memoryLimit() ?? Infinity;
  if (limitBytes === Infinity) return { usedBytes: 0, limitBytes };
  const usedBytes = ownBytes();
  return usedBytes === null ? null : { usedBytes, limitBytes };
}

function ownBytes(): number | null {
  try {
    const own = /^RssAnon:\s+(\d+) kB$/mu.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return own === undefined ? null : Number(own) * 1024;
  } catch {
    return null;
  }
}
