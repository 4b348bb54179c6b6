/** Samples a process's memory while the soak goes on. */

import { readFileSync } from "node:fs";
import type { Sample } from "./slope.ts";

export interface MemorySeries {
  /** MiB by hours since the start. */
  readonly rss: readonly Sample[];
  /** Of the process's own, without files that are mapped. */
  readonly own: readonly Sample[];
  readonly stop: () => void;
}

const everyMs = 1000;

/** Samples each second until it is stopped. */
export function sampleMemory(pid: number): MemorySeries {
  const rss: Sample[] = [];
  const own: Sample[] = [];
  const startMs = performance.now();
  const look = (): void => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const at = (performance.now() - startMs) / 3_600_000;
    rss.push({ at, value: mebibytes(status, "VmRSS") });
    own.push({ at, value: mebibytes(status, "RssAnon") });
  };
  const timer = setInterval(look, everyMs);
  return { rss, own, stop: () => clearInterval(timer) };
}

function mebibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "mu").exec(status)?.[1]) / 1024;
}
