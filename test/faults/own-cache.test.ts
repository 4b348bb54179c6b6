/** The store is full: the oldest replies go, it stays within its bounds, and no call notices. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { ask, changedOnTheWay, metric, noticed, type Called } from "../support/application.ts";
import { startSidecar, type Sidecar } from "../support/sidecar.ts";

let cloud: SimulatedCloud;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 0, tokensPerSecond: 0 });
});

afterAll(() => cloud?.close());

async function storing(bounds: string): Promise<Sidecar> {
  return startSidecar({
    policy: `version: 1
model: null
providers: { openai: { url: ${cloud.url}/v1 } }
cache: { mode: exact, scope: global, ttl: 1h, ${bounds} }
`,
  });
}

const numberOf = async (sidecar: Sidecar, name: string): Promise<number> =>
  Number(await metric(sidecar, new RegExp(`^${name} (\\S+)`, "mu")));

describe.each([
  ["entries", "max_entries: 5", 5, 64 * 1024 ** 2],
  ["bytes", "max_bytes: 8KiB", 1000, 8192],
])("a store that is full by its %s", (_by, bounds, mostEntries, mostBytes) => {
  it("lets the longest unused go for what is new, and says so", async () => {
    const sidecar = await storing(bounds);
    try {
      const calls: Called[] = [];
      for (let at = 0; at < 60; at += 1) {
        calls.push(await ask(sidecar.url, `question ${at}`));
        expect(await numberOf(sidecar, "sidestep_store_entries")).toBeLessThanOrEqual(mostEntries);
        expect(await numberOf(sidecar, "sidestep_store_bytes")).toBeLessThanOrEqual(mostBytes);
      }
      expect(noticed(calls)).toEqual([]);
      expect(changedOnTheWay(calls, cloud)).toEqual([]);
      expect(new Set(calls.map(({ decision }) => decision))).toEqual(new Set(["forwarded"]));
      expect((await ask(sidecar.url, "question 59")).decision).toBe("cache");
      expect((await ask(sidecar.url, "question 0")).decision).toBe("forwarded");
      const evicted = await numberOf(sidecar, "sidestep_store_evictions_total");
      const entries = await numberOf(sidecar, "sidestep_store_entries");
      expect(evicted + entries).toBe(61);
    } finally {
      await sidecar.stop();
    }
  });
});

describe("a store that is smaller than a reply", () => {
  it("takes no reply that is larger than all of it", async () => {
    const sidecar = await storing("max_bytes: 1024");
    try {
      const long = `what is ${"very ".repeat(400)} long`;
      expect((await ask(sidecar.url, long)).decision).toBe("forwarded");
      expect((await ask(sidecar.url, long)).decision).toBe("forwarded");
      expect(await numberOf(sidecar, "sidestep_store_entries")).toBe(0);
    } finally {
      await sidecar.stop();
    }
  });
});
