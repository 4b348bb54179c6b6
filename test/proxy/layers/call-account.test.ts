/** What a settled record tells of its own decision: enough to see why, and nothing of what was said. */
import { describe, expect, it } from "vitest";
import { probability, score } from "../../../proxy/core/brand.ts";
import type { Condition, Policy, Route } from "../../../proxy/core/policy.ts";
import type { Signals } from "../../../proxy/core/signals.ts";
import { callAccount, type CallAccount } from "../../../proxy/layers/call-account.ts";
import { judge } from "../../../proxy/layers/judge.ts";
import type { RequestView } from "../../../proxy/core/request.ts";
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
import { recordOf, verdictOf } from "../telemetry/records.ts";

const said = "a secret of the caller";
const unsure = knownSignals(modelOf({ task: scored("greeting", 0.8123) }), cheapOf({ turns: 3 }));

interface Asked {
  readonly routes: readonly Route[];
  readonly signals?: Signals;
  readonly view?: Partial<RequestView>;
  readonly knows?: boolean;
}

function accountOf({ routes, signals = unsure, view = {}, knows = true }: Asked): CallAccount {
  const policy: Policy = policyOf({ routes });
  const facts = {
    view: viewOf(said, view),
    header: () => undefined,
    isOutage: false,
    caller: null,
  };
  const { trail } = judge({ signals, facts, policy, complexity: score(0.3) });
  const verdict = verdictOf({ signals, trail, complexity: score(0.3) });
  return callAccount(recordOf({ verdict }), knows ? policy : null);
}

function all(...of: readonly Condition[]): Condition {
  return { kind: "all", of };
}

const task: Condition = { kind: "task", oneOf: ["greeting"] };
const sure: Condition = { kind: "confidence", of: "task", is: { op: ">=", value: 0.9 } };
const firstTurn: Condition = { kind: "turns", is: { op: "<=", value: 1 } };

describe("the account of a recorded call", () => {
  it("tells each bound with the call's number, kept or missed", () => {
    const simple: Condition = { kind: "complexity", is: { op: "<=", value: 0.5 } };
    const [route] = accountOf({ routes: [templateRoute("hello", all(task, sure, simple))] }).routes;
    expect(route?.bounds).toEqual([
      { key: "confidence", value: 0.8123, limit: 0.9, bound: ">= 0.9", isMet: false },
      { key: "complexity", value: 0.3, limit: 0.5, bound: "<= 0.5", isMet: true },
    ]);
    expect(route?.failed).toEqual([
      {
        key: "confidence",
        because: "confidence 0.8123, wanted >= 0.9",
        value: 0.8123,
        wanted: ">= 0.9",
      },
    ]);
  });

  it("tells the change of every bound in the way, and that change does what it says", () => {
    const account = accountOf({ routes: [templateRoute("hello", all(task, sure, firstTurn))] });
    expect(account.routes[0]?.change?.because).toBe(
      "with confidence >= 0.8123 and turns <= 3 its conditions would have held",
    );
    const widened = [
      task,
      { ...sure, is: { op: ">=", value: 0.8123 } },
      { ...firstTurn, is: { op: "<=", value: 3 } },
    ] as const;
    const again = accountOf({ routes: [templateRoute("hello", all(...widened))] });
    expect(again.routes[0]?.outcome).toBe("matched");
  });

  it("tells no change where something else than a bound is in the way", () => {
    const other: Condition = { kind: "text", matches: /refund/i };
    const account = accountOf({ routes: [templateRoute("refund", all(other, sure))] });
    expect(account.routes[0]?.change).toBeNull();
    expect(account.routes[0]?.failed.map(({ because }) => because)).toEqual([
      "the text does not match",
      "confidence 0.8123, wanted >= 0.9",
    ]);
  });

  it("tells no change while a condition waits for the model that nobody asked", () => {
    const signals: Signals = { cheap: cheapOf({ turns: 3 }), model: { kind: "unasked" } };
    const account = accountOf({
      routes: [templateRoute("hello", all(firstTurn, task)), forwardRoute("rest", all())],
      signals,
    });
    expect(account.routes[0]).toMatchObject({ outcome: "passed", change: null });
    expect(account.routes[0]?.failed.map(({ key }) => key)).toEqual(["turns", "task"]);
  });

  it("tells of the route that matched which bound was nearest to keeping it away", () => {
    const low: Condition = { kind: "confidence", of: "task", is: { op: ">=", value: 0.8 } };
    const few: Condition = { kind: "turns", is: { op: "<=", value: 9 } };
    const account = accountOf({ routes: [templateRoute("hello", all(low, few))] });
    expect(account.routes[0]?.change?.because).toBe(
      "with confidence > 0.8123 this route would not have matched",
    );
    const closed: Condition = { kind: "confidence", of: "task", is: { op: ">", value: 0.8123 } };
    const again = accountOf({ routes: [templateRoute("hello", all(closed, few))] });
    expect(again.routes[0]?.outcome).toBe("passed");
  });

  it("counts alternatives as one condition, and looks into nested lists", () => {
    const either: Condition = { kind: "any", of: [{ kind: "text", matches: /x{9}/ }, firstTurn] };
    const account = accountOf({ routes: [templateRoute("a", all(either, all(all(sure))))] });
    expect(account.routes[0]?.failed.map(({ because }) => because)).toEqual([
      "none of the alternatives holds",
      "confidence 0.8123, wanted >= 0.9",
    ]);
    expect(account.routes[0]?.change).toBeNull();
  });

  it("names a system prompt that no route lists, and the change that would have", () => {
    const unlisted: Condition = { kind: "system", is: { kind: "contains", text: "Acme" } };
    const account = accountOf({
      routes: [templateRoute("a", all(unlisted))],
      view: { system: said },
    });
    expect(account.routes[0]?.change?.because).toBe(
      "with system: any its conditions would have held",
    );
  });

  it("shows heads and the intent with the bounds that routes put on them", () => {
    const intent = {
      label: "refund",
      confidence: probability(0.7),
      margin: 0.1,
      wrong: probability(0.04),
      guard: false,
      by: "meaning",
    } as const;
    const signals = knownSignals(modelOf({ intent }));
    const share: Condition = { kind: "max_wrong", of: "intent", share: 0.01 };
    const named: Condition = { kind: "intent", oneOf: ["refund"] };
    const account = accountOf({ routes: [templateRoute("refund", all(named, share))], signals });
    expect(account.intent).toMatchObject({
      label: "refund",
      wrong: 0.04,
      bounds: [{ route: "refund", key: "max_wrong", bound: "1%", isMet: false }],
    });
    expect(account.routes[0]?.change?.because).toBe(
      "with max_wrong 4% its conditions would have held",
    );
  });

  it("still tells what failed when the policy that decided is gone", () => {
    const account = accountOf({ routes: [templateRoute("hello", all(task, sure))], knows: false });
    expect(account.isPolicyKnown).toBe(false);
    expect(account.routes[0]).toMatchObject({
      bounds: [],
      failed: [{ key: "confidence" }],
      change: { because: "with confidence >= 0.8123 its conditions would have held" },
    });
  });

  it("says nothing where nothing was measured", () => {
    const verdict = verdictOf({ signals: null, trail: [] });
    expect(callAccount(recordOf({ verdict }), policyOf())).toEqual({
      isPolicyKnown: true,
      heads: [],
      intent: null,
      routes: [],
    });
  });

  it("never holds what was said", () => {
    const kinds: readonly Condition[] = [
      { kind: "text", matches: /refund/ },
      { kind: "header", name: "x-team", value: "a" },
      { kind: "system", is: { kind: "none" } },
      { kind: "keywords", oneOf: ["escalation"] },
      { kind: "language", oneOf: ["ja"] },
      { kind: "not", of: task },
    ];
    const account = accountOf({
      routes: [templateRoute("a", all(...kinds))],
      view: { system: said },
    });
    expect(account.routes[0]?.failed).toHaveLength(kinds.length);
    expect(JSON.stringify(account)).not.toContain(said);
  });
});
