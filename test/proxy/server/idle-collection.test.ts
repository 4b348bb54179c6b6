/** When memory is given back: once after each busy time, and never while anybody could be waiting. */
import { describe, expect, it } from "vitest";
import { IdleCollection } from "../../../proxy/server/idle-collection.ts";

/** A process whose figures the test sets; a collection brings it back to 100 bytes. */
function processWith() {
  const now = { calls: 0, tunnels: 0, served: 0, resident: 100, collected: 0 };
  const collection = new IdleCollection({
    listener: { counts: () => now },
    resident: () => now.resident,
    collect: () => {
      now.collected += 1;
      now.resident = 100;
    },
  });
  const looks = (count: number): number => {
    for (let at = 0; at < count; at += 1) collection.look();
    return now.collected;
  };
  return { now, looks };
}

describe("memory after a burst (pain 15)", () => {
  it("is given back once nothing has gone on for thirty looks, and only once", () => {
    const { now, looks } = processWith();
    now.served = 10;
    expect(looks(30)).toBe(0);
    expect(looks(1)).toBe(1);
    expect(looks(100)).toBe(1);
  });

  it("is left alone in a process that has served nothing", () => {
    expect(processWith().looks(100)).toBe(0);
  });

  it.each(["calls", "tunnels"] as const)("is left alone while there are open %s", (open) => {
    const { now, looks } = processWith();
    Object.assign(now, { served: 10, [open]: 1 });
    expect(looks(100)).toBe(0);
    now[open] = 0;
    expect(looks(30)).toBe(1);
  });

  it("is left alone while calls come, however short they are", () => {
    const { now, looks } = processWith();
    for (let at = 0; at < 20; at += 1) {
      now.served += 1;
      expect(looks(29)).toBe(0);
    }
  });

  it("is given back again only when it has grown by a fifth since", () => {
    const { now, looks } = processWith();
    now.served = 10;
    expect(looks(31)).toBe(1);
    Object.assign(now, { served: 20, resident: 119 });
    expect(looks(100)).toBe(1);
    Object.assign(now, { served: 30, resident: 120 });
    expect(looks(31)).toBe(2);
  });
});
