/** A time limit on others that leaves out the time in which this process itself stood still; dial uses it. */

/** A timer that fires this much late was held up by us. */
const tolerableMs = 50;

/** Calls `due` when `limitMs` are over; returns how to call it off. */
export function startFairTimer(limitMs: number, due: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (ms: number): void => {
    const dueMs = performance.now() + ms;
    timer = setTimeout(() => {
      const lateMs = performance.now() - dueMs;
      // Timers run before sockets are read: what came meanwhile has not been looked at yet.
      if (lateMs > tolerableMs) wait(Math.min(lateMs, limitMs));
      else due();
    }, ms);
  };
  wait(limitMs);
  return () => clearTimeout(timer);
}
