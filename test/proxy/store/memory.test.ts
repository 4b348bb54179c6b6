/** The memory store keeps its bounds whatever is put in, and never hands out memory that others can change. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoreEntry } from "../../../proxy/core/ports.ts";
import { createMemoryStore } from "../../../proxy/store/memory.ts";

function entryOf(body: string, more: Partial<StoreEntry> = {}): StoreEntry {
  return {
    status: 200,
    headers: ["content-type", "application/json"],
    body: Buffer.from(body),
    storedAtMs: 1,
    ttlMs: 1000,
    isStream: false,
    includesUsage: false,
    costUsd: null,
    usage: null,
    model: "gpt-4o-mini",
    ...more,
  };
}

const roomy = { maxEntries: 100, maxBytes: 1_000_000 };

describe("memory store", () => {
  it("gives back what was set, byte for byte", async () => {
    const store = createMemoryStore(roomy);
    const entry = entryOf('{"a":"ü"}', { costUsd: 0.01, isStream: true });
    await store.set("k", entry);
    expect(await store.get("k")).toEqual(entry);
    expect(await store.get("other")).toBeUndefined();
  });

  it("replaces an entry of the same key", async () => {
    const store = createMemoryStore(roomy);
    await store.set("k", entryOf("old"));
    await store.set("k", entryOf("new"));
    expect((await store.get("k"))?.body.toString()).toBe("new");
    expect(store.usage().entries).toBe(1);
  });

  it("keeps its own copy: later writes to the caller's buffer and headers change nothing", async () => {
    const store = createMemoryStore(roomy);
    const body = Buffer.from("mine");
    const headers = ["content-type", "text/plain"];
    await store.set("k", entryOf("", { body, headers }));
    body.fill("x");
    headers[1] = "changed";
    const kept = await store.get("k");
    expect(kept?.body.toString()).toBe("mine");
    expect(kept?.headers).toEqual(["content-type", "text/plain"]);
    expect(kept?.body.buffer.byteLength).toBe(4);
    expect(Object.isFrozen(kept) && Object.isFrozen(kept?.headers)).toBe(true);
  });

  it("drops the least recently used entry when there are too many", async () => {
    const store = createMemoryStore({ maxEntries: 2, maxBytes: 1_000_000 });
    await store.set("a", entryOf("a"));
    await store.set("b", entryOf("b"));
    await store.get("a");
    await store.set("c", entryOf("c"));
    expect(await store.get("b")).toBeUndefined();
    expect((await store.get("a"))?.body.toString()).toBe("a");
    expect((await store.get("c"))?.body.toString()).toBe("c");
  });

  it("drops entries when there are too many bytes", async () => {
    const store = createMemoryStore({ maxEntries: 100, maxBytes: 5000 });
    for (const key of ["a", "b", "c", "d"]) await store.set(key, entryOf("x".repeat(1500)));
    expect(store.usage()).toMatchObject({ entries: 2 });
    expect(await store.get("d")).toBeDefined();
    expect(await store.get("a")).toBeUndefined();
  });

  it("refuses an entry that alone exceeds the bound, and keeps no older one under its key", async () => {
    const store = createMemoryStore({ maxEntries: 10, maxBytes: 2000 });
    await store.set("other", entryOf("small"));
    await store.set("k", entryOf("small"));
    await store.set("k", entryOf("x".repeat(2000)));
    expect(await store.get("k")).toBeUndefined();
    expect(await store.get("other")).toBeDefined();
  });

  it("counts keys and headers, not bodies alone", async () => {
    const store = createMemoryStore(roomy);
    await store.set("k", entryOf("body"));
    const plain = store.usage().bytes;
    await store.set("k", entryOf("body", { headers: ["x".repeat(100), ""] }));
    expect(store.usage().bytes).toBeGreaterThan(plain + 100);
    await store.set("k".repeat(1000), entryOf("body"));
    expect(store.usage().bytes).toBeGreaterThan(plain * 2 + 1000);
  });

  it.each([
    { maxEntries: 0, maxBytes: 1000 },
    { maxEntries: 1000, maxBytes: 0 },
  ])("stores nothing with bounds $maxEntries and $maxBytes", async (bounds) => {
    const store = createMemoryStore(bounds);
    await store.set("k", entryOf(""));
    expect(await store.get("k")).toBeUndefined();
  });

  it("reserves nothing ahead: a bound of a thousand million entries costs no memory", async () => {
    const before = process.memoryUsage().rss;
    const store = createMemoryStore({ maxEntries: 1e9, maxBytes: 1e12 });
    await store.set("k", entryOf("body"));
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    expect(await store.get("k")).toBeDefined();
  });

  it("is empty while it is shut and takes nothing, until it is opened again", async () => {
    const store = createMemoryStore(roomy);
    await store.set("k", entryOf("body"));
    store.shut(true);
    await store.set("late", entryOf("body"));
    expect(store.usage()).toEqual({ entries: 0, bytes: 0 });
    expect(await store.get("k")).toBeUndefined();
    store.shut(false);
    await store.set("k", entryOf("body"));
    expect(await store.get("k")).toBeDefined();
  });

  it("never exceeds either bound, in any order of sets and gets", async () => {
    const put = fc.record({ key: fc.string({ maxLength: 3 }), size: fc.nat({ max: 3000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(put, { maxLength: 60 }), async (puts) => {
        const store = createMemoryStore({ maxEntries: 5, maxBytes: 8000 });
        for (const { key, size } of puts) {
          await store.set(key, entryOf("x".repeat(size)));
          await store.get(puts[0]?.key ?? "");
          expect(store.usage().entries).toBeLessThanOrEqual(5);
          expect(store.usage().bytes).toBeLessThanOrEqual(8000);
        }
      }),
      { numRuns: 100 },
    );
  });
});
