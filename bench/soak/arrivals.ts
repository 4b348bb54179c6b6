/** When the soak's calls come: the recorded times, sped up, over and over. */

import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { number, object, parse } from "valibot";

const timed = object({ t: number() });

/** Seconds of each row since the first; throws when a line has none. */
export function readArrivals(file: string): readonly number[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  const times = lines.map((line) => parse(timed, JSON.parse(line)).t);
  return times.map((time) => time - (times[0] ?? 0));
}

export interface PaceOptions {
  readonly times: readonly number[];
  readonly speed: number;
  readonly durationMs: number;
  /** Called at each arrival with its number from 0 on. */
  readonly arrived: (number: number) => void;
}

/** Resolves when the time is over. Late arrivals come at once, as in any open loop. */
export async function pace({ times, speed, durationMs, arrived }: PaceOptions): Promise<void> {
  const startMs = performance.now();
  const last = times.at(-1) ?? 0;
  const periodMs = ((last + last / Math.max(1, times.length - 1)) * 1000) / speed;
  for (let at = 0; ; at += 1) {
    const round = Math.floor(at / times.length);
    const dueMs = round * periodMs + ((times[at % times.length] ?? 0) * 1000) / speed;
    if (dueMs > durationMs || times.length === 0) return;
    const waitMs = startMs + dueMs - performance.now();
    // Timers are no finer than this, and two calls in one turn of the loop are as good as one after the other.
    if (waitMs > 1) await pause(waitMs);
    if (performance.now() - startMs > durationMs) return;
    arrived(at);
  }
}
