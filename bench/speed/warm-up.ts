/** Load before anything is measured, until a way is as fast as it gets: Node compiles what is called often, after thousands of calls. */
import type { Settings } from "./settings.ts";
import type { WrkResult } from "./wrk.ts";

/** Whatever is not warm by then is measured as it is. */
const mostSeconds = 12;

/** A way that gains less than this is warm. */
const notableGain = 1.05;

/** So often in a row it must gain nothing, since one load may be slow by chance. */
const steadyLoads = 2;

/** Loads again and again; gives the calls a second of the best load. */
export async function warmUp(
  { warmSeconds, isQuick }: Pick<Settings, "warmSeconds" | "isQuick">,
  load: (seconds: number) => Promise<Pick<WrkResult, "done" | "seconds">>,
): Promise<number> {
  const most = isQuick ? warmSeconds : mostSeconds;
  let best = 0;
  let steady = 0;
  for (let spent = 0; spent < most && steady < steadyLoads; spent += warmSeconds) {
    const { done, seconds } = await load(warmSeconds);
    const rate = done / seconds;
    steady = rate < best * notableGain ? steady + 1 : 0;
    best = Math.max(best, rate);
  }
  return best;
}
