/** B3: what is read, what starts a new trace, what is written. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readB3, writeB3 } from "../../../proxy/telemetry/b3-context.ts";

const traceId = "80f198ee56343ba864fe8b2a57d3eff7";
const spanId = "e457b5a2e4d86bd1";
const ids = { traceId, spanId };

describe("B3 in one line", () => {
  it.each([
    ["ids alone leave the decision to us", `${traceId}-${spanId}`, null, false],
    ["recorded", `${traceId}-${spanId}-1`, true, false],
    ["not recorded", `${traceId}-${spanId}-0`, false, false],
    ["debug", `${traceId}-${spanId}-d`, true, true],
    ["a parent behind it", `${traceId}-${spanId}-1-05e3ac9a4f6e3b90`, true, false],
  ])("is read: %s", (_what, value, isSampled, isDebug) => {
    expect(readB3(["B3", value])).toEqual({ ids, isSampled, isDebug });
  });

  it("takes a trace-id of 64 bits for the lower half of one of 128", () => {
    const read = readB3(["b3", `${traceId.slice(16)}-${spanId}-1`]);
    expect(read?.ids?.traceId).toBe(`${"0".repeat(16)}${traceId.slice(16)}`);
  });

  it.each([
    ["0", false, false],
    ["1", true, false],
    ["d", true, true],
  ])("may be the decision alone: %s", (value, isSampled, isDebug) => {
    expect(readB3(["b3", value])).toEqual({ ids: null, isSampled, isDebug });
  });

  it.each([
    ["empty", ""],
    ["upper-case hex", `${traceId.toUpperCase()}-${spanId}-1`],
    ["an all-zero trace-id", `${"0".repeat(32)}-${spanId}-1`],
    ["an all-zero span-id", `${traceId}-${"0".repeat(16)}-1`],
    ["a trace-id of another length", `${traceId.slice(1)}-${spanId}-1`],
    ["an unknown decision", `${traceId}-${spanId}-2`],
    ["more behind it", `${traceId}-${spanId}-1-05e3ac9a4f6e3b90-1`],
    ["a trace-id alone", traceId],
  ])("starts a new trace: %s", (_what, value) => {
    expect(readB3(["b3", value])).toBeNull();
  });

  it("starts a new trace when it was sent twice", () => {
    const value = `${traceId}-${spanId}-1`;
    expect(readB3(["b3", value, "b3", value])).toBeNull();
  });
});

describe("B3 in several lines", () => {
  const both = ["X-B3-TraceId", traceId, "x-b3-spanid", spanId];

  it.each([
    ["ids alone", [], null, false],
    ["recorded", ["X-B3-Sampled", "1"], true, false],
    ["recorded, as old senders write it", ["X-B3-Sampled", "true"], true, false],
    ["not recorded", ["X-B3-Sampled", "0"], false, false],
    ["debug, whatever else is said", ["X-B3-Flags", "1", "X-B3-Sampled", "0"], true, true],
  ])("is read: %s", (_what, more, isSampled, isDebug) => {
    expect(readB3([...both, ...more])).toEqual({ ids, isSampled, isDebug });
  });

  it("may be the decision alone", () => {
    expect(readB3(["X-B3-Sampled", "0"])).toMatchObject({ ids: null, isSampled: false });
  });

  it("yields to the one line", () => {
    expect(readB3([...both, "X-B3-Sampled", "1", "b3", "0"])?.isSampled).toBe(false);
  });

  it.each([
    ["nothing at all", []],
    ["no span-id", ["X-B3-TraceId", traceId]],
    ["no trace-id", ["X-B3-SpanId", spanId, "X-B3-Sampled", "1"]],
    ["a trace-id that was sent twice", [...both, "X-B3-TraceId", traceId]],
    ["a malformed span-id", ["X-B3-TraceId", traceId, "X-B3-SpanId", "xyz"]],
  ])("starts a new trace: %s", (_what, lines) => {
    expect(readB3(lines)).toBeNull();
  });
});

describe("B3 written", () => {
  const anyIds = fc.record({
    traceId: fc.stringMatching(/^[1-9a-f][0-9a-f]{31}$/),
    spanId: fc.stringMatching(/^[1-9a-f][0-9a-f]{15}$/),
  });
  const decision = fc.constantFrom(
    { isSampled: true, isDebug: false },
    { isSampled: false, isDebug: false },
    { isSampled: true, isDebug: true },
  );

  it.each(["b3", "b3multi"] as const)("as %s reads back as it was meant", (form) => {
    fc.assert(
      fc.property(anyIds, decision, (some, said) => {
        expect(readB3(writeB3(form, some, said))).toEqual({ ids: some, ...said });
      }),
    );
  });
});
