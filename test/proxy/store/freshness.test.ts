/** Ages of stored replies, up to the millisecond on either side of each boundary. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ageSeconds, freshness, isFresh, isWithinOutage } from "../../../proxy/store/freshness.ts";

const storedAtMs = 1_700_000_000_000;
const minute = { storedAtMs, ttlMs: 60_000 };

describe("freshness", () => {
  it.each([
    [0, "fresh"],
    [59_999, "fresh"],
    [60_000, "stale"],
    [89_999, "stale"],
    [90_000, "dead"],
    [-1, "dead"],
  ])(
    "%i ms after storing, with 60 s of life and 30 s of grace, an entry is %s",
    (age, expected) => {
      expect(freshness(minute, storedAtMs + age, 30_000)).toBe(expected);
    },
  );

  it("is fresh for exactly its lifetime", () => {
    expect(isFresh(minute, storedAtMs + 59_999)).toBe(true);
    expect(isFresh(minute, storedAtMs + 60_000)).toBe(false);
  });

  it("never serves an entry without a lifetime except during an outage", () => {
    const outageOnly = { storedAtMs, ttlMs: 0 };
    expect(isFresh(outageOnly, storedAtMs)).toBe(false);
    expect(isWithinOutage(outageOnly, storedAtMs + 999, 1000)).toBe(true);
    expect(isWithinOutage(outageOnly, storedAtMs + 1000, 1000)).toBe(false);
  });

  it("serves fresh entries during an outage, too, but nothing when stale answers are off", () => {
    expect(isWithinOutage(minute, storedAtMs + 1, 1)).toBe(true);
    expect(isWithinOutage(minute, storedAtMs + 1, 0)).toBe(false);
  });

  it("takes an entry from the future, or of no date, for dead", () => {
    expect(isFresh(minute, storedAtMs - 1)).toBe(false);
    expect(isWithinOutage(minute, storedAtMs - 1, 1e9)).toBe(false);
    expect(freshness({ storedAtMs: Number.NaN, ttlMs: 1 }, storedAtMs, 1)).toBe("dead");
  });

  it("only ever gets older: fresh, then stale, then dead", () => {
    const order = { fresh: 0, stale: 1, dead: 2 };
    const span = fc.nat({ max: 1e9 });
    fc.assert(
      fc.property(span, span, span, span, (ttlMs, staleMs, first, more) => {
        const entry = { storedAtMs, ttlMs };
        const before = freshness(entry, storedAtMs + first, staleMs);
        const after = freshness(entry, storedAtMs + first + more, staleMs);
        expect(order[after]).toBeGreaterThanOrEqual(order[before]);
      }),
    );
  });

  it.each([
    [0, 0],
    [999, 0],
    [1000, 1],
    [61_500, 61],
    [-5000, 0],
  ])("tells %i ms as an age of %i whole seconds", (age, seconds) => {
    expect(ageSeconds(minute, storedAtMs + age)).toBe(seconds);
  });
});
