/** judge() on texts that the model cannot read: what their words or their characters say still counts, and nothing else does. */
import { describe, expect, it } from "vitest";
import { probability, score } from "../../../proxy/core/brand.ts";
import type { AnswerSpec, Condition, Route } from "../../../proxy/core/policy.ts";
import type { ModelSignals } from "../../../proxy/core/signals.ts";
import { judge } from "../../../proxy/layers/judge.ts";
import {
  forwardRoute,
  knownSignals,
  labelAnswerOf,
  modelOf,
  policyOf,
  scored,
  templateRoute,
  viewOf,
} from "../../support/builders.ts";

const all = (...of: Condition[]): Condition => ({ kind: "all", of });
const isGreeting: Condition = all(
  { kind: "task", oneOf: ["greeting"] },
  { kind: "confidence", of: "task", is: { op: ">=", value: 0.9 } },
);
const isRefund: Condition = all(
  { kind: "intent", oneOf: ["refund"] },
  { kind: "max_wrong", of: "intent", share: 0.005 },
);

const intent = {
  ...scored("refund", 0.995),
  margin: 0.5,
  wrong: probability(0.002),
  guard: false,
  by: "characters" as const,
};
const japanese = { isReadable: false, isByCharacters: true, intent } as const;
const greeted = { isReadable: false, task: scored("greeting", 0.995), taskBy: "rule" } as const;
const attacked = { injection: probability(0.99) };

function outcome(route: Route, model: Partial<ModelSignals>): string {
  const judged = judge({
    policy: policyOf({ routes: [route, forwardRoute("rest", all())] }),
    signals: knownSignals(modelOf(model)),
    complexity: score(0.1),
    facts: {
      view: viewOf("こんにちは"),
      header: () => undefined,
      isOutage: false,
      caller: null,
    },
  });
  return `${judged.route?.name}: ${judged.reason}`;
}

const faq: AnswerSpec = { kind: "faq", file: "x.yaml", confidence: null, maxWrong: null };
const label = labelAnswerOf({ confidence: { op: ">=", value: 0.5 } });

function answering(answer: AnswerSpec): Route {
  return { ...templateRoute("local", all()), action: { kind: "answer", answer } };
}

const local = "local: answered_template";
const unknown = "rest: language_unknown";

describe("a text that the model cannot read", () => {
  it("is a greeting by its words, and none by what the model makes of it", () => {
    const route = templateRoute("local", isGreeting);
    expect(outcome(route, greeted)).toBe(local);
    expect(outcome(route, { ...greeted, taskBy: "model" })).toBe(unknown);
  });

  it("has the intent that its characters say, and none by its embedding", () => {
    const route = templateRoute("local", isRefund);
    expect(outcome(route, japanese)).toBe(local);
    expect(outcome(route, { ...japanese, intent: { ...intent, by: "meaning" } })).toBe(unknown);
    expect(outcome(route, { ...japanese, intent: { ...intent, guard: true } })).toBe(
      "rest: guard_mismatch",
    );
  });

  it("has no feelings and no scope, whatever the model makes of it", () => {
    const inScope: Condition = { kind: "in_scope", is: { op: ">=", value: 0 } };
    expect(outcome(templateRoute("local", all(isRefund, inScope)), japanese)).toBe(unknown);
    expect(outcome(answering(label), japanese)).toBe(unknown);
  });

  it("may be in a FAQ when it is written in kana and kanji", () => {
    expect(outcome(answering(faq), japanese)).toBe("local: answered_faq");
    expect(outcome(answering(faq), { ...japanese, isByCharacters: false })).toBe(unknown);
  });
});

describe("what looks like an attack to a model that cannot read it", () => {
  const suspected = "rest: injection_suspected";

  it("keeps no route back that answers the policy's own sentences only", () => {
    expect(outcome(templateRoute("local", isRefund), { ...japanese, ...attacked })).toBe(local);
    expect(outcome(templateRoute("local", isGreeting), { ...greeted, ...attacked })).toBe(local);
    expect(outcome(answering(faq), { ...japanese, ...attacked })).toBe("local: answered_faq");
  });

  it("keeps every other route back", () => {
    const either: Condition = { kind: "any", of: [isRefund, { kind: "language", oneOf: ["en"] }] };
    expect(outcome(templateRoute("local", all()), { ...japanese, ...attacked })).toBe(suspected);
    expect(outcome(templateRoute("local", either), { ...japanese, ...attacked })).toBe(suspected);
    const read = { ...japanese, ...attacked, isReadable: true };
    expect(outcome(templateRoute("local", isRefund), read)).toBe(suspected);
    expect(outcome(answering(faq), read)).toBe(suspected);
  });
});
