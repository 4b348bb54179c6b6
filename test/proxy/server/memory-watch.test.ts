/** When memory counts as low, and when it does no longer. */
import { describe, expect, it } from "vitest";
import { MemoryWatch, memoryUse, type MemoryUse } from "../../../proxy/server/memory-watch.ts";

/** What the watch says after each of these figures, and what it has told. */
function watched(uses: readonly (MemoryUse | null)[]) {
  const told: boolean[] = [];
  const left = [...uses];
  const watch = new MemoryWatch({
    read: () => left.shift() ?? null,
    changed: (isLow) => void told.push(isLow),
  });
  const states = uses.map(() => {
    watch.look();
    return watch.isLow;
  });
  return { states, told };
}

const of100 = (usedBytes: number): MemoryUse => ({ usedBytes, limitBytes: 100 });

describe("memory (pain 15)", () => {
  it("is low from nine tenths of the limit on, until less than eight tenths are used", () => {
    const { states, told } = watched([50, 89, 90, 95, 89, 80, 79, 85].map(of100));
    expect(states).toEqual([false, false, true, true, true, true, false, false]);
    expect(told).toEqual([true, false]);
  });

  it("stays what it was while the system does not say", () => {
    const { states, told } = watched([null, of100(90), null, of100(10), null]);
    expect(states).toEqual([false, true, true, false, false]);
    expect(told).toEqual([true, false]);
  });

  it("is never low without a limit, and no longer once the limit was raised or lifted", () => {
    const lifted = { usedBytes: 0, limitBytes: Infinity };
    const raised = { usedBytes: 95, limitBytes: 200 };
    expect(watched([lifted]).told).toEqual([]);
    expect(watched([of100(95), lifted]).told).toEqual([true, false]);
    expect(watched([of100(95), raised]).told).toEqual([true, false]);
  });

  it("is read of this process", () => {
    const use = memoryUse();
    expect(use).not.toBeNull();
    expect(use?.usedBytes).toBeLessThan(process.memoryUsage.rss() * 1.1);
  });
});
