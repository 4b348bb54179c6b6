/** Says how far the soak is while it goes on, for nobody waits half an hour in silence. */

import { clockText } from "../replay/progress.ts";
import type { Ledger } from "./ledger.ts";
import type { MemorySeries } from "./memory.ts";

/** What the lines are made of. */
export interface Played {
  readonly minutes: number;
  readonly ledger: Ledger;
  readonly memory: MemorySeries;
}

const everyMs = 30_000;

/** Writes a line twice a minute until the returned function is called. */
export function startProgress(played: Played, output: NodeJS.WritableStream): () => void {
  const startMs = performance.now();
  const tell = (): void => {
    const seconds = (performance.now() - startMs) / 1000;
    output.write(`${progressLine(played, seconds)}\n`);
  };
  const timer = setInterval(tell, everyMs);
  return () => clearInterval(timer);
}

/** One line: time, calls, what is wrong so far, the sidecar's memory. */
export function progressLine({ minutes, ledger, memory }: Played, seconds: number): string {
  const { sent, changed, wrong, unexplained } = ledger;
  const resident = memory.rss.at(-1)?.value ?? 0;
  return [
    `${clockText(Math.round(seconds))} of ${clockText(Math.round(minutes * 60))}`,
    `${sent} calls, ${(sent / seconds).toFixed(0)} a second`,
    `${changed + wrong} wrong, ${unexplained} unexplained`,
    `${resident.toFixed(0)} MiB`,
  ].join("   ");
}
