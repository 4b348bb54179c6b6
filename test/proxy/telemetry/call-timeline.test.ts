/** The times of a call's parts, kept whether or not it is traced. */
import { describe, expect, it } from "vitest";
import type { TracedCall } from "../../../proxy/core/tracing.ts";
import { CallTimelines } from "../../../proxy/telemetry/call-timeline.ts";
import { noTracer } from "../../../proxy/telemetry/trace.ts";
import { providerOf } from "../../support/builders.ts";
import { recordOf } from "./records.ts";

function callOf(agoMs: number): TracedCall {
  const head = { method: "POST", target: "/v1/chat/completions", headers: [] };
  return { head, startedMs: performance.now() - agoMs };
}

const attempt = {
  provider: providerOf("openai", "http://127.0.0.1:9/v1"),
  protocol: "openai-chat",
  model: "gpt-4o-mini",
} as const;

describe("timelines", () => {
  it("tell when deciding and each attempt began, counted from the request's head", () => {
    const timelines = new CallTimelines();
    const span = timelines.around(noTracer).start(callOf(50));
    span.decide()();
    span.attempt(attempt);
    span.attempt({ ...attempt, model: null });
    const record = recordOf();
    span.end(record);
    const { decide, attempts } = timelines.of(record);
    expect(decide?.atMs).toBeGreaterThanOrEqual(50);
    expect(decide?.tookMs).toBeGreaterThanOrEqual(0);
    expect(attempts).toMatchObject([
      { provider: "openai", model: "gpt-4o-mini" },
      { provider: "openai", model: null },
    ]);
    expect(attempts[1]?.atMs).toBeGreaterThanOrEqual(attempts[0]?.atMs ?? Infinity);
  });

  it("hand everything on to the tracer behind", async () => {
    const seen: string[] = [];
    const span = {
      decide: () => {
        seen.push("decide");
        return () => void seen.push("decided");
      },
      look: () => {
        seen.push("look");
        return () => void seen.push("looked");
      },
      servedFrom: () => void seen.push("served"),
      hear: () => {
        seen.push("hear");
        return null;
      },
      compare: () => {
        seen.push("compare");
        return () => void seen.push("compared");
      },
      traceId: null,
      origin: { traceId: "1", spanId: "2" },
      attempt: () => {
        seen.push("attempt");
        return ["traceparent", "00-1"];
      },
      end: () => void seen.push("end"),
    };
    const close = async () => void seen.push("close");
    const tracer = new CallTimelines().around({ start: () => span, keepsContent: true, close });
    expect(tracer.keepsContent).toBe(true);
    const timed = tracer.start(callOf(0));
    timed.look()("miss");
    timed.decide()();
    timed.servedFrom({ traceId: "1", spanId: "2" });
    expect(timed.attempt(attempt)).toEqual(["traceparent", "00-1"]);
    expect(timed.origin).toEqual({ traceId: "1", spanId: "2" });
    timed.hear();
    timed.end(recordOf());
    timed.compare()();
    await tracer.close();
    expect(seen.join(" ")).toBe(
      "look looked decide decided served attempt hear end compare compared close",
    );
  });

  it("are bounded however often a call is tried", () => {
    const timelines = new CallTimelines();
    const span = timelines.around(noTracer).start(callOf(0));
    for (let tries = 0; tries < 50; tries += 1) span.attempt(attempt);
    const record = recordOf();
    span.end(record);
    expect(timelines.of(record).attempts).toHaveLength(8);
  });

  it("know nothing of other records", () => {
    expect(new CallTimelines().of(recordOf())).toEqual({ decide: null, attempts: [] });
  });
});
