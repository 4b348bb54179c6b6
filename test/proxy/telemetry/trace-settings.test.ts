/** What the environment says of context formats, names, content and baggage. */
import { describe, expect, it } from "vitest";
import { readBaggage, baggageAttributes } from "../../../proxy/telemetry/baggage.ts";
import { traceSettingsFrom } from "../../../proxy/telemetry/trace-settings.ts";

describe("the environment", () => {
  it("asks for W3C context, the newest names and no content unless it says otherwise", () => {
    expect(traceSettingsFrom({})).toEqual({
      formats: new Set(["tracecontext", "baggage"]),
      naming: "newest",
      keepsContent: false,
      baggage: [],
      problems: [],
    });
  });

  it.each([
    ["b3", ["b3"]],
    ["tracecontext, B3multi", ["tracecontext", "b3multi"]],
    ["none", []],
    ["none,b3", []],
  ])("OTEL_PROPAGATORS=%s", (text, expected) => {
    expect([...traceSettingsFrom({ OTEL_PROPAGATORS: text }).formats]).toEqual(expected);
  });

  it("tells a format that nobody knows here, and takes the others", () => {
    const { formats, problems } = traceSettingsFrom({ OTEL_PROPAGATORS: "b3,xray" });
    expect([...formats]).toEqual(["b3"]);
    expect(problems).toEqual(["OTEL_PROPAGATORS: xray is not known here"]);
  });

  it.each([
    ["http", "newest"],
    ["gen_ai_latest_experimental", "newest"],
    ["http,gen_ai/1.36", "older"],
    ["gen_ai/dup", "both"],
  ])("OTEL_SEMCONV_STABILITY_OPT_IN=%s: %s names", (text, naming) => {
    expect(traceSettingsFrom({ OTEL_SEMCONV_STABILITY_OPT_IN: text }).naming).toBe(naming);
  });

  it.each([
    ["true", true],
    ["SPAN_ONLY", true],
    ["span_and_event", true],
    ["EVENT_ONLY", false],
    ["NO_CONTENT", false],
    ["false", false],
    ["yes", false],
  ])("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=%s: %s", (text, expected) => {
    const env = { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: text };
    expect(traceSettingsFrom(env).keepsContent).toBe(expected);
  });

  it("names keys of baggage, which count only while baggage is read", () => {
    const env = { SIDESTEP_TRACE_BAGGAGE: "tenant, Plan" };
    expect(traceSettingsFrom(env).baggage).toEqual(["tenant", "Plan"]);
    expect(traceSettingsFrom({ ...env, OTEL_PROPAGATORS: "tracecontext" }).baggage).toEqual([]);
  });
});

describe("baggage", () => {
  it.each([
    ["one member", "a=1", [["a", "1"]]],
    [
      "several, with spaces and properties",
      "a = 1;secret;p=2 , b=2",
      [
        ["a", "1"],
        ["b", "2"],
      ],
    ],
    ["percent-encoded", "name=Am%C3%A9lie%20P", [["name", "Amélie P"]]],
    [
      "what is malformed is left out",
      "a=1,b,=2,c d=3,e=%ff,f=4",
      [
        ["a", "1"],
        ["f", "4"],
      ],
    ],
    ["too many members", Array.from({ length: 65 }, (_, at) => `k${at}=1`).join(","), []],
    ["too long", `a=${"1".repeat(8192)}`, []],
  ])("is read: %s", (_what, value, expected) => {
    expect([...readBaggage(["Baggage", value])]).toEqual(expected);
  });

  it("joins several lines", () => {
    expect([...readBaggage(["baggage", "a=1", "baggage", "b=2"])]).toHaveLength(2);
  });

  it("tells only the keys that were named, cut to a bound", () => {
    const lines = ["baggage", `tenant=acme,user=42,long=${"x".repeat(300)}`];
    expect(baggageAttributes(lines, [])).toEqual({});
    const told = baggageAttributes(lines, ["tenant", "long", "absent"]);
    expect(told["baggage.tenant"]).toBe("acme");
    expect(String(told["baggage.long"])).toHaveLength(256);
    expect(Object.keys(told)).toEqual(["baggage.tenant", "baggage.long"]);
  });
});
