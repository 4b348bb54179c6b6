/** Notices that the event loop stood still, and for how long; assemble has it told in the log. */

/** A loop that works looks this often. */
const everyMs = 500;

/** Lateness that is worth a line. */
const notableMs = 1000;

/** Tells `stalled` the milliseconds of each longer standstill, once it is over; returns how to stop. */
export function watchStalls(stalled: (ms: number) => void): () => void {
  let dueMs = performance.now() + everyMs;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const lateMs = nowMs - dueMs;
    dueMs = nowMs + everyMs;
    if (lateMs >= notableMs) stalled(Math.round(lateMs));
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
