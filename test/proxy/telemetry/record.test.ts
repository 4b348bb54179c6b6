/** Records on their way to page, log and metrics: what is kept, what is left out, and that nothing throws. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { probability } from "../../../proxy/core/brand.ts";
import { DecisionRing } from "../../../proxy/telemetry/decision-ring.ts";
import { scrubbed, summaryOf } from "../../../proxy/telemetry/fault-summary.ts";
import { flatRecord, fullRecord } from "../../../proxy/telemetry/record-json.ts";
import { recorderOf, type RecordSink } from "../../../proxy/telemetry/recorder.ts";
import { cheapOf, knownSignals, modelOf, scored } from "../../support/builders.ts";
import { callOf, forwardedVerdict, recordOf, verdictOf } from "./records.ts";

function idsOf(ring: DecisionRing, count: number): string[] {
  return ring.latest(count).map(({ id }) => id);
}

describe("the ring of decisions", () => {
  it("gives the newest first and forgets the oldest", () => {
    const ring = new DecisionRing(3);
    expect(ring.latest(9)).toEqual([]);
    for (const id of ["a", "b", "c", "d"]) ring.record(recordOf({ id }));
    expect(idsOf(ring, 9)).toEqual(["d", "c", "b"]);
    expect(idsOf(ring, 2)).toEqual(["d", "c"]);
    expect(idsOf(ring, -1)).toEqual([]);
    expect(ring.find("a")).toBeUndefined();
    expect(ring.find("b")?.id).toBe("b");
  });

  it("finds the newest of two records with one id, also when the older one is forgotten", () => {
    const ring = new DecisionRing(2);
    ring.record(recordOf({ id: "twice", status: 500 }));
    ring.record(recordOf({ id: "twice", status: 200 }));
    ring.record(recordOf({ id: "other" }));
    expect(ring.find("twice")?.status).toBe(200);
    ring.record(recordOf({ id: "more" }));
    expect(ring.find("twice")).toBeUndefined();
  });

  it("keeps one record at least", () => {
    const ring = new DecisionRing(0);
    ring.record(recordOf({ id: "a" }));
    expect(idsOf(ring, 9)).toEqual(["a"]);
  });

  it("is the tail of everything recorded, whatever its size", () => {
    const ids = fc.array(fc.string({ maxLength: 2 }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), ids, (size, given) => {
        const ring = new DecisionRing(size);
        for (const id of given) ring.record(recordOf({ id }));
        const tail = given.slice(-size).toReversed();
        expect(idsOf(ring, 99)).toEqual(tail);
        for (const id of given) expect(ring.find(id) !== undefined).toBe(tail.includes(id));
      }),
    );
  });
});

describe("the recorder", () => {
  it("tells every sink, also after one that throws, and reports that one to the others", () => {
    const seen: string[] = [];
    const broken: RecordSink = {
      record: () => {
        throw new Error("disk full");
      },
      fault: () => {
        throw new Error("again");
      },
    };
    const whole: RecordSink = {
      record: ({ id }) => seen.push(id),
      fault: (where, fault) => seen.push(`${where}: ${String(fault)}`),
    };
    const silent: RecordSink = { record: ({ id }) => seen.push(`silent ${id}`) };
    const recorder = recorderOf([broken, whole, silent]);
    recorder.record(recordOf({ id: "one" }), callOf());
    recorder.fault("decide", "odd");
    expect(seen).toEqual(["telemetry: Error: disk full", "one", "silent one", "decide: odd"]);
  });
});

describe("a record as JSON", () => {
  const intent = {
    ...scored("refund", 0.9),
    margin: 0.5,
    wrong: probability(0.01),
    guard: false,
    by: "meaning" as const,
  };

  it("shows signals and trail in full, but neither embedding nor anything that JSON cannot hold", () => {
    const model = modelOf({ sentiment: scored("neutral", 0.8), intent });
    const signals = knownSignals(model, cheapOf({ keywords: ["escalation"] }));
    const json = fullRecord(recordOf({ verdict: verdictOf({ signals }) }));
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    expect(json).toMatchObject({
      at: "2026-11-21T10:00:00.000Z",
      controls: { mode: null, cache: null, target: null },
      signals: {
        cheap: { keywords: ["escalation"], language: "en", structure: { questions: 1 } },
        model: {
          task: { label: "greeting", confidence: 0.97 },
          sentiment: { label: "neutral" },
          intent: { label: "refund", margin: 0.5, guard: false },
          tokens: 5,
          model: "test",
        },
      },
      trail: [{ route: "greeting", outcome: "matched" }],
    });
    expect(JSON.stringify(json)).not.toContain("embedding");
  });

  it.each([
    ["asked for nothing", { kind: "unasked" }, null],
    ["gave nothing", { kind: "failed", reason: "queue_full" }, { failed: "queue_full" }],
  ] as const)("shows that the model %s", (_what, model, expected) => {
    const verdict = verdictOf({ signals: { cheap: cheapOf(), model } });
    expect(fullRecord(recordOf({ verdict }))).toMatchObject({ signals: { model: expected } });
  });

  it("shows a model without sentiment and intents, and a call without signals", () => {
    const signals = knownSignals(modelOf());
    expect(fullRecord(recordOf({ verdict: verdictOf({ signals }) }))).toMatchObject({
      signals: { model: { sentiment: null, intent: null } },
    });
    const bare = recordOf({ verdict: verdictOf({ signals: null }), model: null, usage: null });
    expect(fullRecord(bare)).toMatchObject({ signals: null, model: null, inputTokens: null });
  });

  it("says what would have been done, and is flat", () => {
    const would = { decision: "local", reason: "answered_faq", route: "faq" } as const;
    expect(flatRecord(recordOf({ verdict: forwardedVerdict({ would }) }))).toMatchObject({
      decision: "forwarded",
      wouldDecision: "local",
      wouldReason: "answered_faq",
      wouldRoute: "faq",
    });
  });
});

describe("a fault as it is logged", () => {
  it.each([
    ["an API key", "bad key sk-proj-abcdefgh12345678", "abcdefgh"],
    ["an Anthropic key", "sk-ant-api03-abcdefgh was refused", "abcdefgh"],
    ["a bearer token", "header Authorization: Bearer abc.def-ghi", "abc.def"],
    ["a Google key", "key AIzaSyA-abcdefghijklmnopqrstuv", "abcdefgh"],
    ["a JSON web token", "got eyJhbGciOi.eyJzdWIiOi.sig", "eyJzdWI"],
    ["a password in a URL", "cannot reach http://user:hunter2@proxy:3128/", "hunter2"],
    ["a key in a query", "GET /v1/x?api_key=hunter2&a=b failed", "hunter2"],
  ])("does not show %s", (_what, message, secret) => {
    const told = summaryOf(new Error(message)).message;
    expect(told).not.toContain(secret);
    expect(told).toContain("***");
  });

  it("keeps what helps: addresses, codes and file names", () => {
    const fault = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), {
      code: "ECONNREFUSED",
    });
    expect(summaryOf(fault)).toEqual({
      kind: "Error",
      code: "ECONNREFUSED",
      message: "connect ECONNREFUSED 127.0.0.1:9",
    });
  });

  it("says nothing of what a parser quotes", () => {
    let caught: unknown = null;
    try {
      JSON.parse("{my password is hunter2}");
    } catch (fault) {
      caught = fault;
    }
    expect(summaryOf(caught)).toEqual({ kind: "SyntaxError", code: null, message: "" });
  });

  it("is bounded, and takes anything that can be thrown", () => {
    expect(summaryOf(new Error("x".repeat(1e6))).message).toHaveLength(300);
    expect(summaryOf("a secret text")).toEqual({ kind: "string", code: null, message: "" });
    expect(summaryOf(null)).toMatchObject({ kind: "object" });
    const odd = Object.assign(new Error("x"), { code: { deep: true }, name: "n".repeat(1000) });
    expect(summaryOf(odd)).toMatchObject({ code: null, kind: "n".repeat(100) });
    expect(summaryOf(Object.assign(new Error("x"), { code: 7 }))).toMatchObject({ code: "7" });
  });

  it("is scrubbed in linear time", () => {
    const hostile = `${"sk-".repeat(50_000)}${"Bearer ".repeat(50_000)}${"://".repeat(50_000)}`;
    expect(scrubbed(hostile).length).toBeLessThanOrEqual(1200);
  });
});
