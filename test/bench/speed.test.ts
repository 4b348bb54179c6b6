/** The bench's arithmetic: percentiles, arrivals in an open loop, ratios by round, and how figures are shown. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrivals, Backlog } from "../../bench/speed/arrivals.ts";
import {
  differences,
  isReached,
  median,
  ratios,
  Rounds,
  withDerived,
  type Table,
} from "../../bench/speed/figures.ts";
import { Histogram } from "../../bench/speed/histogram.ts";
import { ReplyReader } from "../../bench/speed/reply-reader.ts";
import { cellText, markdown, valueText } from "../../bench/speed/report.ts";
import { Scraped } from "../../bench/speed/scraped.ts";
import { helpText, readSettings } from "../../bench/speed/settings.ts";
import { UsageError } from "../../bench/usage.ts";

describe("a histogram", () => {
  const durations = fc.array(fc.double({ min: 0.001, max: 1e5, noNaN: true }), { minLength: 1 });

  it("gives every percentile within one percent of the exact one", () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0.01, max: 1, noNaN: true }), (given, share) => {
        const histogram = new Histogram();
        for (const duration of given) histogram.add(duration);
        const sorted = given.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(share * given.length)) - 1] ?? 0;
        const found = histogram.quantile(share);
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(0.01 * exact);
      }),
    );
  });

  it("knows the longest duration exactly, and nothing when it is empty", () => {
    const histogram = new Histogram();
    expect(histogram.quantile(0.5)).toBeNaN();
    for (const duration of [3, 1234.5, 0]) histogram.add(duration);
    expect(histogram.highest).toBe(1234.5);
    expect(histogram.quantile(1)).toBeLessThanOrEqual(1234.5);
    expect(histogram.total).toBe(3);
  });
});

describe("an open loop", () => {
  it("has calls due at the rate that is asked for, the same for every contender", () => {
    const first = [...arrivals(1000, 20_000, 7)];
    expect(first.length).toBeGreaterThan(19_000);
    expect(first.length).toBeLessThan(21_000);
    expect([...arrivals(1000, 20_000, 7)]).toEqual(first);
    expect([...arrivals(1000, 20_000, 8)]).not.toEqual(first);
    expect(first.toSorted((a, b) => a - b)).toEqual(first);
    expect(first.at(-1)).toBeLessThan(20_000);
  });

  it("gives calls out when they are due, not before", () => {
    const backlog = new Backlog([10, 20, 20.5]);
    expect(backlog.take(9)).toBeNull();
    expect(backlog.nextMs).toBe(10);
    expect([backlog.take(20.2), backlog.take(20.2), backlog.take(20.2)]).toEqual([10, 20, null]);
    expect(backlog.take(100)).toBe(20.5);
    expect([backlog.take(100), backlog.nextMs]).toEqual([null, null]);
  });

  /** One connection to a server that takes 1 ms a call and stands still once. */
  function latencies(stall: { readonly atMs: number; readonly forMs: number }): Histogram {
    const backlog = new Backlog(arrivals(100, 10_000, 1));
    const histogram = new Histogram();
    let freeAtMs = 0;
    for (let dueMs = backlog.take(Infinity); dueMs !== null; dueMs = backlog.take(Infinity)) {
      const sentMs = Math.max(dueMs, freeAtMs);
      const isStalled = sentMs >= stall.atMs && sentMs < stall.atMs + stall.forMs;
      freeAtMs = (isStalled ? stall.atMs + stall.forMs : sentMs) + 1;
      histogram.add(freeAtMs - dueMs);
    }
    return histogram;
  }

  it("charges a server that stands still with every call that came meanwhile", () => {
    expect(latencies({ atMs: 0, forMs: 0 }).quantile(0.99)).toBeLessThan(5);
    // A second of ten is a tenth of the calls, half of which wait longer than half a second.
    const stalled = latencies({ atMs: 5000, forMs: 1000 });
    expect(stalled.quantile(0.96)).toBeGreaterThan(400);
    expect(stalled.highest).toBeGreaterThan(900);
    expect(stalled.quantile(0.85)).toBeLessThan(5);
  });
});

describe("a reader of replies", () => {
  const sized = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  const chunked = "HTTP/1.1 503 Gone\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  const empty = "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n";
  const cuts = fc.array(fc.nat(200), { maxLength: 6 });

  it("finds every reply's end and status, however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(sized, chunked, empty)), cuts, (replies, places) => {
        const reader = new ReplyReader();
        const found: number[] = [];
        for (const reply of replies) {
          const marks = [0, ...places.filter((at) => at < reply.length), reply.length];
          const sorted = marks.toSorted((a, b) => a - b);
          const parts = sorted.slice(1).map((to, at) => reply.slice(sorted[at], to));
          const done = parts.map((part) => reader.push(Buffer.from(part)).isDone);
          expect(done.filter(Boolean)).toEqual([true]);
          expect(done.at(-1)).toBe(true);
          found.push(reader.status);
        }
        expect(found).toEqual(replies.map((reply) => Number(reply.slice(9, 12))));
      }),
    );
  });
});

function table(): Table {
  const rounds = new Rounds();
  rounds.add("bare relay", { rate: 100, p50: 2 });
  rounds.add("Sidestep", { rate: 90, p50: 3 });
  rounds.add("bare relay", { rate: 50, p50: 4 });
  rounds.add("Sidestep", { rate: 40, p50: 6 });
  return {
    name: "t",
    title: "T",
    subject: "way",
    columns: [
      { key: "rate", name: "calls/s", unit: "per second" },
      { key: "p50", name: "p50", unit: "ms" },
    ],
    rows: rounds.rows(),
    note: "N.",
  };
}

const share = {
  column: { key: "share", name: "share", unit: "times" },
  of: "rate",
  against: "bare relay",
  by: ratios,
} as const;

describe("a scrape", () => {
  it("adds up the series whose labels have the values asked for", () => {
    const scraped = new Scraped(
      '# HELP a_total A.\na_total{decision="local",route="x"} 3\na_total{decision="local",route="y"} 4\n' +
        'a_total{decision="forwarded",route="x"} 5\nb 1e-3\n',
    );
    expect(scraped.sum("a_total")).toBe(12);
    expect(scraped.sum("a_total", { decision: "local" })).toBe(7);
    expect(scraped.sum("a_total", { decision: "local", route: "y" })).toBe(4);
    expect([scraped.sum("b"), scraped.sum("c")]).toEqual([0.001, 0]);
  });
});

describe("figures", () => {
  it("have the middle of their rounds, without those that have no value", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([Number.NaN, 5])).toBe(5);
    expect(median([])).toBeNaN();
  });

  it("are compared round by round, so that a slow round falls out", () => {
    expect(ratios([90, 40], [100, 50])).toEqual([0.9, 0.8]);
    expect(differences([3, 6, 9], [2, 4])).toEqual([1, 2]);
    const [bare, own] = withDerived(table(), share).rows;
    expect(bare?.cells["share"]).toEqual([1, 1]);
    expect(own?.cells["share"]).toEqual([0.9, 0.8]);
  });

  it("get no comparison with a row that did not take part", () => {
    expect(withDerived(table(), { ...share, against: "Portkey" })).toEqual(table());
  });

  it("reach a target or miss it, and what was not measured does neither", () => {
    const target = { text: "t", unit: "ms", bar: 2 } as const;
    expect(isReached({ ...target, value: 2, isMost: true })).toBe(true);
    expect(isReached({ ...target, value: 2.1, isMost: true })).toBe(false);
    expect(isReached({ ...target, value: 1.9, isMost: false })).toBe(false);
    expect(isReached({ ...target, value: null, isMost: true })).toBeNull();
    expect(isReached({ ...target, value: Number.NaN, isMost: true })).toBeNull();
  });
});

describe("the report", () => {
  it("shows the median with the lowest and highest round, in digits that count", () => {
    expect(cellText([12_105.4, 11_000.2, 13_000.9], "per second")).toBe(
      "12,105 (11,000 to 13,001)",
    );
    expect(cellText([0.1234], "ms")).toBe("0.123 ms");
    expect(cellText([Number.NaN], "ms")).toBe("");
    expect(cellText([0, 0], "count")).toBe("0");
    expect(valueText(1.256, "times")).toBe("1.26 ×");
  });

  it("names the machine, the note, the targets and every table", () => {
    const machine = {
      processor: "Some Processor",
      cores: 2,
      memoryGB: 8,
      system: "Linux 6",
      versions: { Node: "v24.0.0" },
      load: "0.10",
      date: "2026-01-31",
    };
    const target = { text: "calls/s", value: 0.7, unit: "times", bar: 0.8, isMost: false } as const;
    const result = { tables: [withDerived(table(), share)], pictures: [], targets: [target] };
    const parts = [{ name: "through", about: "calls that pass", result }];
    const said = markdown({ machine, note: "Busy.", rounds: 2, seconds: 3, parts }, (name) => name);
    expect(said).toContain("# Speed, 2026-01-31");
    expect(said).toContain("**Busy.**");
    expect(said).toContain("Some Processor, 2 cores, 8 GB, Linux 6. Node v24.0.0.");
    expect(said).toContain("| calls/s | at least 0.8 × | 0.7 × | missed |");
    expect(said).toContain("| way | calls/s | p50 | share |");
    expect(said).toContain("| Sidestep | 65 (40 to 90) | 4.5 ms (3 to 6) | 0.85 × (0.8 to 0.9) |");
  });
});

describe("the command line", () => {
  it("runs all parts in three rounds, or those that are named", () => {
    expect(readSettings([], ["a"])).toMatchObject({ parts: [], rounds: 3, seconds: 1 });
    const given = readSettings(["a", "--quick", "--rounds", "2"], ["a", "b"]);
    expect(given).toMatchObject({ parts: ["a"], rounds: 2, seconds: 1, isQuick: true });
  });

  it("says what it does not know", () => {
    expect(() => readSettings(["c"], ["a", "b"])).toThrow(UsageError);
    expect(() => readSettings(["--rounds", "0"], [])).toThrow("--rounds");
    expect(() => readSettings(["--seconds", "1.5"], [])).toThrow("--seconds");
    expect(() => readSettings(["--loud"], [])).toThrow(UsageError);
  });

  it("helps with every part's name", () => {
    expect(readSettings(["--help"], [])).toBeNull();
    expect(helpText([{ name: "through", about: "calls that pass" }])).toContain(
      "  through     calls that pass",
    );
  });
});
