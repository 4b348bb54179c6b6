/** Tells of callers for whom there was no room: each in the metric, and now and again in the log; assemble makes one. */
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** A flood of callers makes one line in this time. */
const everyMs = 10_000;

/** Hears of each caller that was turned away, and how many there may be. */
export function tellTurnedAway(log: Log, metrics: Metrics): (most: number) => void {
  let toldAtMs = -Infinity;
  let untold = 0;
  return (most) => {
    metrics.turnedAway();
    untold += 1;
    const nowMs = performance.now();
    if (nowMs - toldAtMs < everyMs) return;
    toldAtMs = nowMs;
    log.event("warn", "connections_refused", { refused: untold, most });
    untold = 0;
  };
}
