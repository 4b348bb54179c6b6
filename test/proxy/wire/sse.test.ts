/** Server-sent events: split the same however the bytes are cut, and never kept without bound. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frame, splitWhole, SseSplitter, type SseEvent } from "../../../proxy/wire/sse.ts";
import { fixture } from "./fixtures.ts";

function splitAt(bytes: Buffer, cuts: readonly number[]): SseEvent[] {
  const splitter = new SseSplitter(1_000_000);
  const edges = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])];
  edges.sort((a, b) => a - b);
  const events = edges.flatMap((edge, at) =>
    at === 0 ? [] : [...splitter.push(bytes.subarray(edges[at - 1], edge))],
  );
  return [...events, ...splitter.end()];
}

/** A stream with every line end, comments, names, joined data lines, other fields and text of every width. */
const odd = Buffer.from(
  [
    ": ping\r\n\r\n",
    "event: a\r\ndata: één\r\n\r\n",
    "data: 明日\ndata:です\n\n",
    "data: cr\rdata\r\r",
    "id: 7\nretry: 10\nunknown: x\nevent: b\ndata: 🎉👩‍👩‍👧\n\n",
    "event: without data\n\n",
    "data\n\n",
    "data: \n\n",
  ].join(""),
);
const oddEvents: readonly SseEvent[] = [
  { name: "a", data: "één" },
  { name: null, data: "明日\nです" },
  { name: null, data: "cr\n" },
  { name: "b", data: "🎉👩‍👩‍👧" },
  { name: null, data: "" },
  { name: null, data: "" },
];

describe("splitting", () => {
  it("leaves out a byte order mark at the beginning, and nowhere else", () => {
    const marked = Buffer.from("\uFEFFdata: a\n\ndata: \uFEFFb\n\n");
    const events = [
      { name: null, data: "a" },
      { name: null, data: "\uFEFFb" },
    ];
    for (const cut of [1, 2, 3, 4, 15, 16]) expect(splitAt(marked, [cut])).toEqual(events);
  });

  it("reads every line end, comments, names and joined data lines", () => {
    expect(splitWhole(odd)).toEqual(oddEvents);
  });

  it("is the same for every single cut", () => {
    for (let cut = 0; cut <= odd.length; cut += 1) expect(splitAt(odd, [cut])).toEqual(oddEvents);
  });

  it("is the same for bytes that come one by one", () => {
    expect(splitAt(odd, Array.from(odd.keys()))).toEqual(oddEvents);
  });

  it("is the same for any cuts of any frames", () => {
    const line = fc.string({ unit: "grapheme" }).filter((text) => !/[\r\n\u2028\uFEFF]/.test(text));
    const event = fc.record({ name: fc.option(line.filter((name) => name !== "")), data: line });
    const ends = fc.constantFrom("\n", "\r\n");
    fc.assert(
      fc.property(fc.array(event), ends, fc.array(fc.nat()), (events, end, cuts) => {
        const text = events.map(({ name, data }) => frame(name, data)).join("");
        const bytes = Buffer.from(text.replaceAll("\n", end));
        expect(splitAt(bytes, cuts)).toEqual(splitWhole(bytes));
        expect(splitWhole(bytes).map((split) => split.data)).toEqual(events.map((e) => e.data));
      }),
    );
  });

  it("is the same for any cuts of a provider's streams", () => {
    for (const name of ["openai-tools.sse", "anthropic-rich.sse"]) {
      const bytes = fixture(name);
      const whole = splitWhole(bytes);
      expect(whole.length).toBeGreaterThan(10);
      fc.assert(
        fc.property(fc.array(fc.nat()), (cuts) => {
          expect(splitAt(bytes, cuts)).toEqual(whole);
        }),
        { numRuns: 30 },
      );
    }
  });

  it("hands out an event as soon as it is complete", () => {
    const splitter = new SseSplitter(1000);
    expect(splitter.push(Buffer.from("data: a\n\ndata: b\n"))).toEqual([{ name: null, data: "a" }]);
    expect(splitter.push(Buffer.from("\n"))).toEqual([{ name: null, data: "b" }]);
    expect(splitter.end()).toEqual([]);
  });

  it("gives the last event also without its blank line, as clients do", () => {
    expect(splitWhole(Buffer.from("data: a\n\ndata: [DONE]"))).toEqual([
      { name: null, data: "a" },
      { name: null, data: "[DONE]" },
    ]);
  });
});

describe("the bound", () => {
  it("ends reading for one event that never ends, and forgets it", () => {
    const splitter = new SseSplitter(100);
    expect(splitter.push(Buffer.from("data: a\n\n"))).toHaveLength(1);
    for (let sent = 0; sent < 30; sent += 1) splitter.push(Buffer.from("data: xxxxxxxxxx"));
    expect(splitter.isBroken).toBe(true);
    expect(splitter.push(Buffer.from("\n\ndata: b\n\n"))).toEqual([]);
    expect(splitter.end()).toEqual([]);
  });

  it("ends reading for endless data lines of one event too", () => {
    const splitter = new SseSplitter(100);
    for (let sent = 0; sent < 30; sent += 1) splitter.push(Buffer.from("data: xxxxxxxxxx\n"));
    expect(splitter.isBroken).toBe(true);
  });

  it("is not touched by however many events, nor by odd retry lines", () => {
    const splitter = new SseSplitter(100);
    const bytes = Buffer.from("retry: soon\ndata: 0123456789\n\n".repeat(100));
    expect(splitter.push(bytes)).toHaveLength(100);
    expect(splitter.isBroken).toBe(false);
  });
});
