/** judge(): the first route whose conditions all hold, with a reason for every other outcome. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { probability, score } from "../../../proxy/core/brand.ts";
import type { Condition, Policy } from "../../../proxy/core/policy.ts";
import type { RequestView } from "../../../proxy/core/request.ts";
import type { ModelSignals, Signals } from "../../../proxy/core/signals.ts";
import { judge, type Case } from "../../../proxy/layers/judge.ts";
import {
  cheapOf,
  forwardRoute,
  knownSignals,
  modelOf,
  policyOf,
  scored,
  templateRoute,
  viewOf,
} from "../../support/builders.ts";

const isGreeting: Condition = { kind: "task", oneOf: ["greeting"] };
const isSure: Condition = { kind: "confidence", of: "task", is: { op: ">=", value: 0.9 } };
const isVerySure: Condition = { kind: "confidence", of: "task", is: { op: ">=", value: 0.99 } };
const all = (...of: Condition[]): Condition => ({ kind: "all", of });
const always: Condition = all();

interface Given {
  readonly policy?: Partial<Policy>;
  readonly view?: RequestView;
  readonly signals?: Signals;
  readonly complexity?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isOutage?: boolean;
}

function caseOf(given: Given): Case {
  const headers = given.headers ?? {};
  return {
    policy: policyOf(given.policy),
    signals: given.signals ?? knownSignals(modelOf()),
    complexity: score(given.complexity ?? 0.1),
    facts: {
      view: given.view ?? viewOf("hello"),
      header: (name) => headers[name],
      isOutage: given.isOutage ?? false,
      caller: null,
    },
  };
}

function outcome(when: Condition, given: Given = {}): string {
  const routes = [templateRoute("greeting", when), forwardRoute("rest", always)];
  const { route, reason } = judge(caseOf({ ...given, policy: { routes, ...given.policy } }));
  return `${route?.name}: ${reason}`;
}

const answered = "greeting: answered_template";
const withModel = (model: Partial<ModelSignals>): Given => ({
  signals: knownSignals(modelOf(model)),
});

describe("judge", () => {
  it("takes the first route whose conditions hold", () => {
    expect(outcome(all(isGreeting, isSure))).toBe(answered);
  });

  it("says no route matched when the call is of another kind", () => {
    expect(outcome(all(isGreeting), withModel({ task: scored("math", 0.99) }))).toBe(
      "rest: no_route_matched",
    );
  });

  it.each([
    ["below_confidence", withModel({ task: scored("greeting", 0.89) })],
    ["too_complex", { complexity: 0.76 }],
    ["history_not_allowed", { signals: knownSignals(modelOf(), cheapOf({ turns: 2 })) }],
    ["system_not_listed", { view: viewOf("hello", { system: "You are Bob." }) }],
    ["injection_suspected", withModel({ injection: probability(0.5) })],
    ["language_unknown", withModel({ isReadable: false })],
    ["tools_present", { view: viewOf("hello", { barriers: ["tools_present"] }) }],
    [
      "denied_by_policy",
      {
        policy: { deny: [{ kind: "header", name: "x-no", value: "*" }] as const },
        headers: { "x-no": "1" },
      },
    ],
  ] satisfies [string, Given][])(
    "forwards with %s when only that stands in the way",
    (reason, given) => {
      const when = all(
        isGreeting,
        isSure,
        { kind: "complexity", is: { op: "<=", value: 0.75 } },
        { kind: "turns", is: { op: "<=", value: 1 } },
        { kind: "system", is: { kind: "none" } },
      );
      const routes = [templateRoute("greeting", when), forwardRoute("rest", always)];
      const given2 = { ...given, policy: { routes, ...("policy" in given ? given.policy : {}) } };
      const judged = judge(caseOf(given2));
      expect([judged.route?.name, judged.reason]).toEqual(["rest", reason]);
    },
  );

  it.each([
    ["complexity", { kind: "complexity", is: { op: ">", value: 0.65 } }],
    ["turns", { kind: "turns", is: { op: ">=", value: 3 } }],
    ["injection", { kind: "injection", is: { op: ">=", value: 0.3 } }],
    ["difficulty", { kind: "difficulty", is: { op: ">", value: 1 } }],
    ["confidence", { kind: "confidence", of: "task", is: { op: "<=", value: 0.5 } }],
  ] satisfies [string, Condition][])(
    "blames no %s that is on the other side of a bound than its reason says",
    (_, condition) => {
      expect(outcome(all(isGreeting, condition))).toBe("rest: no_route_matched");
    },
  );

  it("tells why an answering route passed before it tells why a forwarding one did", () => {
    const listed: Condition = { kind: "system", is: { kind: "contains", text: "Bob" } };
    const routes = [
      forwardRoute("unsure", all({ kind: "task", oneOf: ["greeting"] }, isVerySure)),
      templateRoute("greeting", all(isGreeting, isSure, listed)),
      forwardRoute("rest", always),
    ];
    expect(judge(caseOf({ policy: { routes } }))).toMatchObject({ reason: "system_not_listed" });
    const unlisted = {
      policy: { routes: [routes[0], routes[2]].filter((one) => one !== undefined) },
    };
    expect(judge(caseOf(unlisted))).toMatchObject({ reason: "below_confidence" });
  });

  it("asks for the model only when a route cannot be judged without it", () => {
    const unasked: Signals = { cheap: cheapOf(), model: { kind: "unasked" } };
    const byText = templateRoute("ping", { kind: "text", matches: /^hello$/i });
    const byTask = templateRoute("greeting", isGreeting);
    expect(judge(caseOf({ signals: unasked, policy: { routes: [byText, byTask] } }))).toMatchObject(
      {
        needsModel: false,
        route: { name: "ping" },
      },
    );
    expect(judge(caseOf({ signals: unasked, policy: { routes: [byTask, byText] } }))).toMatchObject(
      {
        needsModel: true,
        route: null,
      },
    );
  });

  it("passes over a route that needs a model that is not there, and says so", () => {
    const signals: Signals = {
      cheap: cheapOf(),
      model: { kind: "failed", reason: "decision_timeout" },
    };
    expect(outcome(all(isGreeting), { signals })).toBe("rest: decision_timeout");
    expect(outcome({ kind: "not", of: isGreeting }, { signals })).toBe("rest: decision_timeout");
    expect(outcome({ kind: "any", of: [isGreeting, isSure] }, { signals })).toBe(
      "rest: decision_timeout",
    );
  });

  it("waits for the model before it says that no deny rule holds", () => {
    const signals: Signals = { cheap: cheapOf(), model: { kind: "unasked" } };
    const routes = [templateRoute("ping", { kind: "text", matches: /hello/i })];
    const deny = [isGreeting];
    expect(judge(caseOf({ signals, policy: { routes, deny } })).needsModel).toBe(true);
    expect(judge(caseOf({ policy: { routes, deny } }))).toMatchObject({
      route: null,
      closed: "denied_by_policy",
    });
  });

  it("goes on after a given route, for strategies that declined", () => {
    const routes = [templateRoute("first", isGreeting), templateRoute("second", isGreeting)];
    expect(judge(caseOf({ policy: { routes } }), 1).route?.name).toBe("second");
  });

  it("forwards by a route with its own conditions for the route's reason", () => {
    const routes = [
      forwardRoute("hard", { kind: "complexity", is: { op: ">", value: 0.75 } }, "strong"),
    ];
    expect(judge(caseOf({ policy: { routes }, complexity: 0.8 }))).toMatchObject({
      route: { name: "hard" },
      reason: "route_forward",
    });
  });

  it("does not answer for an intent against which the pair guard objects", () => {
    const intent = {
      ...scored("refund", 0.99),
      margin: 0.5,
      wrong: probability(0.001),
      guard: true,
      by: "meaning" as const,
    };
    const when = all({ kind: "intent", oneOf: ["refund"] });
    expect(outcome(when, withModel({ intent }))).toBe("rest: guard_mismatch");
    expect(outcome(when, withModel({ intent: { ...intent, guard: false } }))).toBe(answered);
  });

  it("reads max_wrong off the intent's estimated share of wrong answers", () => {
    const intent = {
      ...scored("refund", 0.9),
      margin: 0.5,
      wrong: probability(0.006),
      guard: false,
      by: "meaning" as const,
    };
    const when = (share: number): Condition => ({ kind: "max_wrong", of: "intent", share });
    expect(outcome(when(0.006), withModel({ intent }))).toBe(answered);
    expect(outcome(when(0.005), withModel({ intent }))).toBe("rest: above_max_wrong");
    expect(outcome({ kind: "max_wrong", of: "task", share: 0.05 })).toBe(answered);
    expect(outcome(when(0.5))).toBe("rest: above_max_wrong");
  });

  it.each([
    ["language", { kind: "language", oneOf: ["en"] }, { kind: "language", oneOf: ["ja"] }],
    ["model name", { kind: "model", oneOf: ["gpt-4o-mini"] }, { kind: "model", oneOf: ["o3"] }],
    [
      "protocol",
      { kind: "protocol", oneOf: ["openai-chat"] },
      { kind: "protocol", oneOf: ["anthropic-messages"] },
    ],
    [
      "length",
      { kind: "length", is: { op: "<", value: 21 } },
      { kind: "length", is: { op: "=", value: 21 } },
    ],
    ["stream", { kind: "stream", is: false }, { kind: "stream", is: true }],
    ["tools", { kind: "tools", is: false }, { kind: "tools", is: true }],
    ["outage", { kind: "outage", is: false }, { kind: "outage", is: true }],
    [
      "any system prompt",
      { kind: "system", is: { kind: "any" } },
      { kind: "system", is: { kind: "contains", text: "Acme" } },
    ],
    [
      "header",
      { kind: "header", name: "x-app", value: "SHOP" },
      { kind: "header", name: "x-app", value: "bank" },
    ],
    [
      "in scope",
      { kind: "in_scope", is: { op: ">=", value: 0.5 } },
      { kind: "in_scope", is: { op: ">=", value: 0.95 } },
    ],
    [
      "injection",
      { kind: "injection", is: { op: "<", value: 0.1 } },
      { kind: "injection", is: { op: "<", value: 0.001 } },
    ],
    ["keywords", { kind: "keywords", oneOf: ["vip"] }, { kind: "keywords", oneOf: ["legal"] }],
    [
      "sentiment",
      { kind: "sentiment", oneOf: ["none"] },
      { kind: "sentiment", oneOf: ["positive"] },
    ],
    [
      "nested any",
      { kind: "any", of: [isSure, { kind: "stream", is: true }] },
      { kind: "any", of: [] },
    ],
    [
      "not",
      { kind: "not", of: { kind: "stream", is: true } },
      { kind: "not", of: { kind: "stream", is: false } },
    ],
  ] satisfies [string, Condition, Condition][])("tells calls apart by %s", (_name, yes, no) => {
    const given: Given = {
      headers: { "x-app": "shop" },
      signals: knownSignals(modelOf(), cheapOf({ keywords: ["vip"] })),
    };
    expect(outcome(yes, given)).toBe(answered);
    expect(outcome(no, given)).toMatch(/^rest: /);
  });

  it("knows a system prompt by its SHA-256", () => {
    const view = viewOf("hello", { system: "abc" });
    const hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(outcome({ kind: "system", is: { kind: "sha256", hex } }, { view })).toBe(answered);
    expect(outcome({ kind: "system", is: { kind: "sha256", hex } })).toBe(
      "rest: system_not_listed",
    );
  });

  it("is monotone in the threshold and the same for the same signals", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, share, (confidence, low, high) => {
        const [looser, stricter] = low <= high ? [low, high] : [high, low];
        const given = withModel({ task: scored("greeting", confidence) });
        const isAnswered = (value: number): boolean => {
          const bound: Condition = { kind: "confidence", of: "task", is: { op: ">=", value } };
          const first = outcome(all(isGreeting, bound), given);
          expect(outcome(all(isGreeting, bound), given)).toBe(first);
          return first === answered;
        };
        return !isAnswered(stricter) || isAnswered(looser);
      }),
    );
  });
});

describe("a route that generates", () => {
  const spec = { model: "tiny", prompt: null, maxTokens: 9, stop: [], timeoutMs: 100 };
  const answer = { kind: "generate", ...spec } as const;
  const generating = (model: string | null): Partial<Policy> => ({
    model,
    routes: [{ ...templateRoute("small", always), action: { kind: "answer", answer } }],
  });
  const cheap = cheapOf();
  const unasked: Signals = { cheap, model: { kind: "unasked" } };
  const failed: Signals = { cheap, model: { kind: "failed", reason: "model_unavailable" } };
  const judged = (model: string | null, signals: Signals) =>
    judge(caseOf({ policy: generating(model), signals }));

  it("has the call read for attacks where the policy has a model to read it", () => {
    expect(judged("support-v1", unasked).needsModel).toBe(true);
    const attacked = knownSignals(modelOf({ injection: probability(0.9) }));
    expect(judged("support-v1", attacked)).toMatchObject({
      route: null,
      reason: "injection_suspected",
    });
    expect(judged("support-v1", failed).route).toBeNull();
    expect(judged("support-v1", knownSignals(modelOf())).reason).toBe("answered_generated");
  });

  it("goes by its conditions alone where the policy has none", () => {
    expect(judged(null, unasked)).toMatchObject({
      needsModel: false,
      reason: "answered_generated",
    });
  });
});
