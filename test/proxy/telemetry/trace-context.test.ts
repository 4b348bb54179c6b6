/** W3C Trace Context, Level 2: what is read, what starts a new trace, what is thrown away whole. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readTraceparent,
  readTracestate,
  withMember,
  writeTraceparent,
  writeTracestate,
} from "../../../proxy/telemetry/trace-context.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";
const plain = `00-${traceId}-${parentId}-01`;

describe("traceparent", () => {
  it.each([
    ["the plain form", plain, 1],
    ["spaces and tabs around it", ` \t${plain}\t `, 1],
    ["not sampled", `00-${traceId}-${parentId}-00`, 0],
    ["the random flag", `00-${traceId}-${parentId}-03`, 3],
    ["unknown flag bits, which are dropped", `00-${traceId}-${parentId}-ff`, 3],
    ["a higher version", `01-${traceId}-${parentId}-01`, 1],
    ["a higher version with more fields", `cc-${traceId}-${parentId}-01-what-follows`, 1],
    ["a higher version that ends in a dash", `01-${traceId}-${parentId}-01-`, 1],
  ])("is read: %s", (_what, value, flags) => {
    expect(readTraceparent(["TraceParent", value])).toEqual({ traceId, parentId, flags });
  });

  it.each([
    ["empty", ""],
    ["version ff", `ff-${traceId}-${parentId}-01`],
    ["version 00 with more fields", `${plain}-more`],
    ["version 00 that ends in a dash", `${plain}-`],
    ["a higher version without a dash before more", `01-${traceId}-${parentId}-01.more`],
    ["a higher version cut short", `01-${traceId}-${parentId}`],
    ["an all-zero trace-id", `00-${"0".repeat(32)}-${parentId}-01`],
    ["an all-zero parent-id", `00-${traceId}-${"0".repeat(16)}-01`],
    ["upper-case hex", plain.toUpperCase()],
    ["a letter outside hex", `00-${traceId.replace("4", "g")}-${parentId}-01`],
    ["a short trace-id", `00-${traceId.slice(1)}-${parentId}-01`],
    ["a long parent-id", `00-${traceId}-${parentId}0-01`],
    ["one flag digit", `00-${traceId}-${parentId}-1`],
    ["white space other than blanks around it", `${plain}\v`],
    ["a joined repeat", `${plain},${plain}`],
  ])("starts a new trace: %s", (_what, value) => {
    expect(readTraceparent(["traceparent", value])).toBeNull();
  });

  it("starts a new trace when it is absent or sent twice", () => {
    expect(readTraceparent([])).toBeNull();
    expect(readTraceparent(["traceparent", plain, "Traceparent", plain])).toBeNull();
    const later = `01-${traceId}-${parentId}-01-x`;
    expect(readTraceparent(["traceparent", later, "traceparent", later])).toBeNull();
  });

  it("is written in version 00 with known flags only", () => {
    expect(writeTraceparent({ traceId, parentId, flags: 1 })).toBe(plain);
    expect(writeTraceparent({ traceId, parentId, flags: 0xff })).toMatch(/-03$/);
    expect(writeTraceparent({ traceId, parentId, flags: 0 })).toMatch(/-00$/);
  });
});

function written(...values: string[]): string {
  return writeTracestate(readTracestate(values.flatMap((value) => ["tracestate", value])));
}

describe("tracestate", () => {
  it.each([
    ["one member", "congo=t61rcWkgMzE", "congo=t61rcWkgMzE"],
    ["several, in order", "b=1,a=2", "b=1,a=2"],
    ["blanks around members", " a=1 ,\tb=2\t", "a=1,b=2"],
    ["empty members", ",a=1,,b=2,", "a=1,b=2"],
    ["a key with an at sign", "tenant@system=1", "tenant@system=1"],
    ["a key that begins with a digit", "1a=1", "1a=1"],
    ["every sign of a key", "a_-*/@9=1", "a_-*/@9=1"],
    ["leading spaces of a value", "a=  1", "a=  1"],
    ["spaces inside a value", "a=1 2", "a=1 2"],
    ["the longest key and value", `${"k".repeat(256)}=${"v".repeat(256)}`, undefined],
    ["the same key twice", "a=1,a=2", "a=1,a=2"],
  ])("survives: %s", (_what, value, expected) => {
    expect(written(value)).toBe(expected ?? value);
  });

  it("joins several headers in order", () => {
    expect(written("a=1,b=2", "", "c=3")).toBe("a=1,b=2,c=3");
  });

  it.each([
    ["an upper-case key", "A=1"],
    ["an empty key", "=1"],
    ["no equals sign", "a"],
    ["an empty value", "a="],
    ["a value of spaces only", "a=   "],
    ["an equals sign in a value", "a=1=2"],
    ["a key that begins with a sign", "_a=1"],
    ["a blank in a key", "a =1"],
    ["a key that is too long", `${"k".repeat(257)}=1`],
    ["a value that is too long", `a=${"v".repeat(257)}`],
    ["a control character", "a=\u00071"],
    ["a letter outside ASCII", "a=\u00e9"],
    ["33 members", Array.from({ length: 33 }, (_, at) => `k${at}=1`).join(",")],
  ])("is discarded whole, good members too: %s", (_what, value) => {
    expect(written("good=1", value)).toBe("");
  });

  it("takes 32 members, and counts empty ones as none", () => {
    const full = Array.from({ length: 32 }, (_, at) => `k${at}=1`).join(",");
    expect(written(full, " , ,")).toBe(full);
    expect(written(full, "one=more")).toBe("");
  });

  it("puts our member leftmost, once, and drops the rightmost when there are too many", () => {
    const members = Array.from({ length: 32 }, (_, at) => ({ key: `k${at}`, value: "1" }));
    const grown = withMember(members, { key: "own", value: "2" });
    expect(grown).toHaveLength(32);
    expect(grown[0]).toEqual({ key: "own", value: "2" });
    expect(grown.at(-1)?.key).toBe("k30");
    const again = withMember(grown, { key: "own", value: "3" });
    expect(again.filter(({ key }) => key === "own")).toEqual([{ key: "own", value: "3" }]);
  });

  it("is either kept member by member or empty, never a part of what came", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "B", "1", "=", ",", " ", "\t", "@", "é") });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), (values) => {
        const given = values
          .join(",")
          .split(",")
          .map((part) => part.replace(/^[ \t]+|[ \t]+$/g, ""));
        const kept = given.filter((part) => part !== "");
        expect([kept.join(","), ""]).toContain(written(...values));
      }),
    );
  });
});
