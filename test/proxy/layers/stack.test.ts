/** The layers together: decisions carried out, faults contained, and one record for every call. */
import { describe, expect, it } from "vitest";
import type { Answerer } from "../../../proxy/core/ports.ts";
import type { Condition, Route } from "../../../proxy/core/policy.ts";
import { explain } from "../../../proxy/layers/explain.ts";
import { deliberation } from "../../../proxy/layers/deliberation.ts";
import { questionAsCall } from "../../../proxy/layers/question.ts";
import { accountAnswer } from "../../../proxy/answers/account.ts";
import { answererOf } from "../../../proxy/answers/registry.ts";
import { signalReaders } from "../../../proxy/signals/registry.ts";
import {
  forwardRoute,
  policyOf,
  providerOf,
  templateRoute,
  noGenerator,
} from "../../support/builders.ts";
import { completionOf, drained, receivedOf, replyOf, rigOf } from "../../support/stack.ts";

const always: Condition = { kind: "all", of: [] };
const hello = templateRoute("hello", { kind: "text", matches: /^hello$/ });
const rest = forwardRoute("rest", always);

describe("answering", () => {
  it("answers by the first route whose strategy does not decline", async () => {
    const silent: Route = {
      ...templateRoute("silent", always),
      action: {
        kind: "answer",
        answer: { kind: "template", texts: new Map([["fr", "Bonjour"]]), slots: new Map() },
      },
    };
    const rig = rigOf();
    const reply = await rig.send(receivedOf({ routes: [silent, hello, rest] }));
    expect(await drained(reply)).toBe("Hello!");
    expect(reply.verdict).toMatchObject({ decision: "local", route: "hello" });
    expect(reply.verdict.trail.map((step) => step.outcome)).toEqual(["declined", "matched"]);
    expect(rig.calls).toHaveLength(0);
    expect(rig.records).toHaveLength(1);
  });

  it("tells the first decline when every route has declined", async () => {
    const silent: Route = {
      ...templateRoute("silent", always),
      action: {
        kind: "answer",
        answer: { kind: "template", texts: new Map([["fr", "Bonjour"]]), slots: new Map() },
      },
    };
    const reply = await rigOf().send(receivedOf({ routes: [silent, rest] }));
    expect(reply.verdict).toMatchObject({
      decision: "forwarded",
      reason: "template_language_missing",
      route: "rest",
    });
  });

  it("refuses where a route says so, in the policy's words", async () => {
    const refuse: Route = {
      ...hello,
      action: { kind: "refuse", status: 451, message: "Not here." },
    };
    const reply = await rigOf().send(receivedOf({ routes: [refuse] }));
    expect(reply).toMatchObject({
      kind: "error",
      error: { status: 451, message: "Not here." },
      verdict: { decision: "refused", reason: "refused_by_policy" },
    });
  });

  it.each([
    ["the policy observes", { mode: "observe" }, {}, "observe_mode"],
    [
      "the caller asks to observe",
      {},
      { controls: { mode: "observe", cache: null, target: null } },
      "observe_mode",
    ],
  ] as const)(
    "forwards and records what it would have done when %s",
    async (_when, policy, more, reason) => {
      const rig = rigOf();
      const reply = await rig.send(receivedOf({ routes: [hello, rest], ...policy }, {}, more));
      await drained(reply);
      expect(reply.verdict).toMatchObject({
        decision: "forwarded",
        reason,
        would: { decision: "local", reason: "answered_template", route: "hello" },
      });
      expect(rig.calls).toHaveLength(1);
    },
  );

  it("answers on a route that enforces under a policy that observes", async () => {
    const reply = await rigOf().send(
      receivedOf({ mode: "observe", routes: [{ ...hello, mode: "enforce" }] }),
    );
    expect(reply.verdict.decision).toBe("local");
  });

  it("says how the model failed when a route needed it", async () => {
    const routes = [templateRoute("greeting", { kind: "task", oneOf: ["greeting"] }), rest];
    const reply = await rigOf().send(receivedOf({ routes }));
    expect(reply.verdict).toMatchObject({ decision: "forwarded", reason: "model_unavailable" });
  });
});

describe("a fault of ours", () => {
  const broken = (): never => {
    throw new Error("boom");
  };

  it("in deciding becomes a plain forward", async () => {
    const rig = rigOf({ signals: { ...signalReaders, readCheap: broken } });
    const reply = await rig.send(receivedOf({ routes: [hello] }));
    expect(await drained(reply)).toContain("from the cloud");
    expect(reply.verdict.reason).toBe("fault_contained");
    expect(rig.faults).toEqual(["decide"]);
  });

  it("in answering becomes a plain forward", async () => {
    const answers: Answerer = { answerWith: () => Promise.reject(new Error("boom")) };
    const rig = rigOf({ answers });
    const reply = await rig.send(receivedOf({ routes: [hello] }));
    expect(reply.verdict).toMatchObject({ decision: "forwarded", reason: "fault_contained" });
    expect(rig.faults).toEqual(["answer"]);
  });

  it("in forwarding becomes the error that says so", async () => {
    const rig = rigOf({ script: broken });
    const reply = await rig.send(receivedOf({ routes: [] }));
    expect(reply).toMatchObject({ kind: "error", error: { code: "sidestep_internal" } });
  });
});

describe("forwarding", () => {
  const strong = {
    name: "strong",
    provider: providerOf("openai", "http://127.0.0.1:9/v1"),
    model: "gpt-4o",
    params: new Map([["temperature", 0]]),
    price: { input: 2, output: 4, asOf: "2026-11-01" },
  };
  const targets = new Map([["strong", strong]]);

  it("splices the target's model and parameters into the caller's own bytes", async () => {
    const rig = rigOf();
    const reply = await rig.send(
      receivedOf({ targets, routes: [forwardRoute("hard", always, "strong")] }),
    );
    await drained(reply);
    const body = rig.calls[0]?.body;
    expect(body?.kind === "whole" ? body.bytes.toString() : "").toBe(
      '{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}],"temperature":0}',
    );
    expect(reply.verdict).toMatchObject({ target: "strong", provider: "openai" });
    expect(rig.records[0]?.verdict.costUsd).toBeCloseTo((10 * 2 + 5 * 4) / 1e6, 12);
  });

  it("keeps the caller's bytes, path and provider where the target does not speak the protocol", async () => {
    const other = { ...strong, provider: providerOf("anthropic", "http://127.0.0.1:9") };
    const rig = rigOf();
    const received = receivedOf({
      targets: new Map([["strong", other]]),
      routes: [forwardRoute("hard", always, "strong")],
    });
    const reply = await rig.send(received);
    expect(reply.verdict).toMatchObject({ target: null, reason: "target_unsuitable" });
    expect(rig.calls[0]?.body).toBe(received.body);
  });

  it("keeps them also where the target would change a body that is coded", async () => {
    const policy = { targets, routes: [forwardRoute("hard", always, "strong")] };
    const plain = receivedOf(policy);
    const headers = [...plain.head.headers, "Content-Encoding", "gzip"];
    const rig = rigOf();
    const reply = await rig.send({ ...plain, head: { ...plain.head, headers } });
    expect(reply.verdict).toMatchObject({ target: null, reason: "target_unsuitable" });
    expect(rig.calls[0]?.body).toBe(plain.body);
    const same = { ...strong, model: null, params: new Map<string, string>() };
    const unchanged = receivedOf({ ...policy, targets: new Map([["strong", same]]) });
    const kept = await rig.send({ ...unchanged, head: { ...unchanged.head, headers } });
    expect(kept.verdict).toMatchObject({ target: "strong", reason: "route_forward" });
  });

  it("reaches a target also where the policy names no provider for the path", async () => {
    const rig = rigOf();
    const provider = providerOf("own", "http://127.0.0.1:9/base/v1");
    const reply = await rig.send(
      receivedOf({
        providers: new Map([["own", provider]]),
        targets: new Map([["strong", { ...strong, provider }]]),
        routes: [forwardRoute("hard", always, "strong")],
      }),
    );
    expect(reply.verdict).toMatchObject({ target: "strong", provider: "own" });
    expect(rig.calls[0]?.path).toBe("/base/v1/chat/completions");
  });

  it("takes the target that the caller names, of those that the policy names", async () => {
    const controls = { mode: null, cache: null, target: "strong" };
    expect((await rigOf().send(receivedOf({ targets }, {}, { controls }))).verdict.target).toBe(
      "strong",
    );
    const unknown = { ...controls, target: "evil" };
    expect(
      (await rigOf().send(receivedOf({ targets }, {}, { controls: unknown }))).verdict.reason,
    ).toBe("target_unsuitable");
  });

  it("says so when the policy names no provider for the path", async () => {
    const reply = await rigOf().send(receivedOf({ providers: new Map() }));
    expect(reply).toMatchObject({
      kind: "error",
      error: { code: "sidestep_provider_unknown" },
      verdict: { reason: "no_provider" },
    });
  });

  it("reads nothing and judges nothing on bypass", async () => {
    const controls = { mode: "bypass", cache: null, target: null } as const;
    const reply = await rigOf().send(receivedOf({ routes: [hello] }, {}, { controls }));
    expect(reply.verdict).toMatchObject({
      decision: "forwarded",
      reason: "bypass_requested",
      signals: null,
    });
  });
});

describe("the store", () => {
  const cache = {
    mode: "exact",
    scope: "global",
    identity: { kind: "protocol" },
    ttlMs: 1000,
    tools: false,
  } as const;

  it("serves an identical call while its reply is fresh", async () => {
    const rig = rigOf();
    const first = await drained(await rig.send(receivedOf({ cache })));
    const again = await rig.send(receivedOf({ cache }));
    expect(again.verdict).toMatchObject({
      decision: "cache",
      reason: "cache_hit",
      ageSeconds: 0,
      costUsd: 0,
    });
    expect(await drained(again)).toBe(first);
    rig.clock.aheadMs = 1500;
    expect((await rig.send(receivedOf({ cache }))).verdict.decision).toBe("forwarded");
  });

  it("goes by the route's own rule where routes have one", async () => {
    const routes = [{ ...rest, cache }];
    const rig = rigOf();
    await drained(await rig.send(receivedOf({ routes })));
    const again = await rig.send(receivedOf({ routes }));
    expect(again.verdict).toMatchObject({ decision: "cache", route: "rest" });
    const off = { ...cache, mode: "off" } as const;
    const never = [{ ...rest, cache: off }];
    await drained(await rig.send(receivedOf({ routes: never, cache }, { text: "other" })));
    expect(
      (await rig.send(receivedOf({ routes: never, cache }, { text: "other" }))).verdict.decision,
    ).toBe("forwarded");
  });

  it.each([
    [
      "what the provider cut short",
      () => replyOf(200, '{"choices":[', ["content-type", "application/json"]),
    ],
    ["an error", () => completionOf("sorry", 500)],
    ["what is too large", () => completionOf("x".repeat(1_100_000))],
  ])("never keeps %s", async (_what, script) => {
    const rig = rigOf({ script });
    await drained(await rig.send(receivedOf({ cache })));
    await drained(await rig.send(receivedOf({ cache })));
    expect(rig.calls).toHaveLength(2);
  });

  it("never keeps a reply that the caller did not hear to its end", async () => {
    const rig = rigOf();
    const reply = await rig.send(receivedOf({ cache }));
    reply.ended({ kind: "aborted" });
    await drained(await rig.send(receivedOf({ cache })));
    expect(rig.calls).toHaveLength(2);
    expect(rig.records[0]?.ending).toBe("aborted");
  });

  it("never serves a call that the deny list names, nor one with stored state or tools", async () => {
    const rig = rigOf();
    const deny: Condition[] = [{ kind: "stream", is: false }];
    await drained(await rig.send(receivedOf({ cache, deny })));
    expect((await rig.send(receivedOf({ cache, deny }))).verdict.decision).toBe("forwarded");
    for (const view of [{ barriers: ["stored_state"] as const }, { hasTools: true }]) {
      await drained(await rig.send(receivedOf({ cache }, view)));
      expect((await rig.send(receivedOf({ cache }, view))).verdict.decision).toBe("forwarded");
    }
  });

  it("bridges an outage with what it has, fresh or not, and with routes for outages", async () => {
    let isBroken = false;
    const script = () => (isBroken ? completionOf("down", 503) : completionOf("fine"));
    const outage = { staleMs: 10_000, answer: true };
    const sorry = templateRoute("sorry", { kind: "outage", is: true }, "Later.");
    const call = (text: string) =>
      receivedOf({ outage, routes: [sorry, rest] }, { text, user: "ann", body: { user: "ann" } });
    const rig = rigOf({ script });
    const first = await drained(await rig.send(call("hello")));
    isBroken = true;
    const stale = await rig.send(call("hello"));
    expect(stale.verdict).toMatchObject({ decision: "stale", reason: "stale_answer" });
    expect(await drained(stale)).toBe(first);
    const other = await rig.send(call("other"));
    expect(other.verdict.reason).toBe("answered_outage");
    expect(await drained(other)).toBe("Later.");
  });

  it("asks nobody while the breaker is open and there is something to fall back on", async () => {
    const sorry = templateRoute("sorry", { kind: "outage", is: true }, "Later.");
    const rig = rigOf({ isDown: () => true });
    const outage = { staleMs: 0, answer: true };
    expect((await rig.send(receivedOf({ outage, routes: [sorry] }))).verdict.reason).toBe(
      "answered_outage",
    );
    expect(rig.calls).toHaveLength(0);
    expect((await rig.send(receivedOf({ routes: [rest] }))).verdict.decision).toBe("forwarded");
    expect(rig.calls).toHaveLength(1);
  });

  it.each([
    ["upstream_unreachable", "sidestep_upstream_unreachable"],
    ["upstream_timeout", "sidestep_upstream_timeout"],
    ["upstream_reset", "sidestep_upstream_reset"],
    ["upstream_invalid", "sidestep_upstream_invalid"],
    ["caller_gone", "sidestep_upstream_reset"],
  ] as const)("turns %s into the error %s", async (reason, code) => {
    const rig = rigOf({
      script: () => ({ kind: "fault", reason, detail: "", retryAfterMs: 1500, isRetried: false }),
    });
    const reply = await rig.send(receivedOf({ routes: [rest] }));
    expect(reply).toMatchObject({
      kind: "error",
      error: { code },
      retryAfterSeconds: 2,
      verdict: { reason },
    });
  });
});

describe("explain", () => {
  const deliberate = deliberation({
    classifier: { classify: () => Promise.resolve({ kind: "fault", reason: "queue_full" }) },
    signals: signalReaders,
    readsAll: true,
  });
  const faults = { fault: () => {} };
  const parts = {
    decide: { deliberate, faults },
    answer: { deliberate, answers: answererOf(noGenerator), faults },
    account: accountAnswer,
  };
  const snapshot = {
    policy: policyOf({ routes: [hello, rest] }),
    intents: null,
    faqs: new Map(),
    labels: new Map(),
    isStopped: false,
  };

  async function told(question: Parameters<typeof questionAsCall>[0], under = snapshot) {
    const call = questionAsCall(question, under);
    return call === null ? null : explain(parts, call);
  }

  it("shows the answer that would go out", async () => {
    expect(await told({ kind: "text", text: "hello" })).toMatchObject({
      decision: "local",
      answer: "Hello!",
      observed: null,
      signals: { model: null },
    });
  });

  it("shows what failed, what would be refused and what is only observed", async () => {
    const refuse: Route = {
      ...rest,
      name: "no",
      action: { kind: "refuse", status: 403, message: "no" },
    };
    const routes = [templateRoute("greeting", { kind: "task", oneOf: ["greeting"] }), refuse];
    const under = { ...snapshot, policy: policyOf({ routes, mode: "observe" }) };
    expect(await told({ kind: "text", text: "hello" }, under)).toMatchObject({
      decision: "refused",
      observed: "observe_mode",
      signals: { model: { failed: "queue_full" } },
    });
  });

  it("tells the protocols' bodies apart, and says null for what is none", async () => {
    const ask = (body: object, protocol: string | null = null) =>
      questionAsCall(
        { kind: "body", bytes: Buffer.from(JSON.stringify(body)), protocol },
        snapshot,
      );
    const messages = [{ role: "user", content: "hello" }];
    const protocolOf = (call: ReturnType<typeof ask>) =>
      call?.reading.kind === "view" && call.reading.view.protocol;
    expect(protocolOf(ask({ model: "gpt-4o", messages }))).toBe("openai-chat");
    expect(protocolOf(ask({ model: "claude-haiku-4-5", max_tokens: 9, messages }))).toBe(
      "anthropic-messages",
    );
    expect(protocolOf(ask({ model: "m", system: "s", max_tokens: 9, messages }))).toBe(
      "anthropic-messages",
    );
    expect(ask({ model: "m", messages }, "gopher")).toBeNull();
    expect(
      questionAsCall({ kind: "body", bytes: Buffer.from("{"), protocol: null }, snapshot),
    ).toBeNull();
    expect(
      questionAsCall({ kind: "body", bytes: Buffer.from("1"), protocol: null }, snapshot),
    ).toBeNull();
  });
});
