/** Evaluates one compiled condition; used by judge() for routes and the deny list. Pure. */
import { createHash } from "node:crypto";
import type { Facts } from "../core/decision.ts";
import type { Bound, Condition, SystemRule } from "../core/policy.ts";
import type { ModelSignals, Scored, Signals } from "../core/signals.ts";
import { checkBound, checkOneOf, holds, settled, type Check } from "./truth.ts";

/** Everything a condition may look at. */
export interface Subject {
  readonly signals: Signals;
  readonly facts: Facts;
  readonly complexity: number;
}

const needsModel: Check = {
  truth: "unknown",
  because: "the model was not asked yet",
  reason: null,
};

/** Evaluates `condition`; nested lists are cut short as soon as their truth is settled. */
export function check(condition: Condition, subject: Subject): Check {
  switch (condition.kind) {
    case "all":
      return checkAll(condition.of, subject);
    case "any":
      return checkAny(condition.of, subject);
    case "not":
      return inverted(check(condition.of, subject));
    case "task":
    case "sentiment":
    case "intent":
    case "confidence":
    case "max_wrong":
    case "in_scope":
    case "injection":
    case "difficulty":
      return withModel(condition, subject);
    case "complexity":
      return withComplexity(condition.is, subject);
    default:
      return checkFact(condition, subject);
  }
}

type ModelCondition = Extract<
  Condition,
  {
    kind:
      | "task"
      | "sentiment"
      | "intent"
      | "confidence"
      | "max_wrong"
      | "in_scope"
      | "injection"
      | "difficulty";
  }
>;
type FactCondition = Exclude<
  Condition,
  ModelCondition | { kind: "all" | "any" | "not" | "complexity" }
>;

function checkAll(conditions: readonly Condition[], subject: Subject): Check {
  const failed: Check[] = [];
  const unmet: Condition[] = [];
  let open: Check | null = null;
  for (const condition of conditions) {
    const result = check(condition, subject);
    if (result.truth !== "true") unmet.push(...unmetIn(condition, result));
    if (result.truth === "false") failed.push(result);
    if (result.truth === "unknown" || (result.truth === "fault" && open === null)) open = result;
  }
  const first = failed[0];
  if (first === undefined) return open ?? holds;
  const isNear = failed.every((result) => result.reason !== null);
  return { ...first, reason: isNear ? first.reason : null, unmet };
}

/** Of a nested list its own; alternatives stay one condition, since any of them would have done. */
function unmetIn(condition: Condition, { unmet }: Check): readonly Condition[] {
  return condition.kind === "all" && unmet !== undefined ? unmet : [condition];
}

function checkAny(conditions: readonly Condition[], subject: Subject): Check {
  let open: Check | null = null;
  let first: Check | null = null;
  for (const condition of conditions) {
    const result = check(condition, subject);
    if (result.truth === "true") return holds;
    if (result.truth === "unknown" || (result.truth === "fault" && open === null)) open = result;
    first ??= result;
  }
  return open ?? first ?? { truth: "false", because: "any of nothing", reason: null };
}

function inverted(result: Check): Check {
  if (result.truth === "false") return holds;
  if (result.truth !== "true") return result;
  return { truth: "false", because: "an excluded condition holds", reason: null };
}

function withModel(condition: ModelCondition, subject: Subject): Check {
  const model = subject.signals.model;
  if (model.kind === "unasked") return needsModel;
  if (model.kind === "failed") {
    return { truth: "fault", because: "the model gave nothing", reason: model.reason };
  }
  if (isRead(partOf(condition), model.signals)) return checkModel(condition, model.signals);
  return {
    truth: "false",
    because: "the model cannot read this text",
    reason: "language_unknown",
  };
}

type ModelPart = "task" | "intent" | "other";

function partOf(condition: ModelCondition): ModelPart {
  switch (condition.kind) {
    case "task":
    case "intent":
      return condition.kind;
    case "confidence":
    case "max_wrong":
      return condition.of === "sentiment" ? "other" : condition.of;
    default:
      return "other";
  }
}

/** A text that the model cannot read may still be known by its words or its characters. */
function isRead(part: ModelPart, { isReadable, taskBy, intent }: ModelSignals): boolean {
  if (isReadable) return true;
  if (part === "task") return taskBy === "rule";
  return part === "intent" && intent?.by === "characters";
}

/** Complexity is exact only with the model's part; without a model the cheap part has to do. */
function withComplexity(bound: Bound, subject: Subject): Check {
  if (subject.signals.model.kind === "unasked") return needsModel;
  return checkBound("complexity", subject.complexity, bound, { above: "too_complex" });
}

function checkModel(condition: ModelCondition, model: ModelSignals): Check {
  switch (condition.kind) {
    case "task":
      return checkOneOf("task", model.task.label, condition.oneOf);
    case "sentiment":
      return checkOneOf("sentiment", model.sentiment?.label ?? "none", condition.oneOf);
    case "intent":
      return checkIntent(condition.oneOf, model);
    case "confidence": {
      const scored = scoredOf(condition.of, model);
      return checkBound("confidence", scored?.confidence ?? 0, condition.is, {
        below: "below_confidence",
      });
    }
    case "max_wrong":
      return checkWrong(condition.of, condition.share, model);
    case "in_scope":
      return checkBound("in_scope", model.inScope ?? 0, condition.is, {});
    case "difficulty":
      return checkBound("difficulty", model.difficulty ?? 1, condition.is, {
        above: "too_complex",
      });
    case "injection":
      return checkBound("injection", model.injection ?? 1, condition.is, {
        above: "injection_suspected",
      });
  }
}

function checkWrong(of: "task" | "intent", share: number, model: ModelSignals): Check {
  const bound = { op: "<=", value: share } as const;
  return checkBound("estimated share wrong", wrongOf(of, model), bound, {
    above: "above_max_wrong",
  });
}

/** The estimated share wrong that a `max_wrong` condition speaks of. */
export function wrongOf(of: "task" | "intent", model: ModelSignals): number {
  return of === "intent" ? (model.intent?.wrong ?? 1) : 1 - model.task.confidence;
}

function checkIntent(oneOf: readonly string[], model: ModelSignals): Check {
  const result = checkOneOf("intent", model.intent?.label ?? "none", oneOf);
  if (result.truth !== "true" || model.intent?.guard !== true) return result;
  return {
    truth: "false",
    because: "the pair guard objects to every example of the intent",
    reason: "guard_mismatch",
  };
}

/** The score a `confidence` condition speaks of. */
export function scoredOf(of: "task" | "intent" | "sentiment", model: ModelSignals): Scored | null {
  return model[of];
}

function checkFact(condition: FactCondition, subject: Subject): Check {
  const { view } = subject.facts;
  switch (condition.kind) {
    case "language":
      return checkOneOf("language", subject.signals.cheap.language, condition.oneOf);
    case "keywords":
      return checkKeywords(condition.oneOf, subject.signals.cheap.keywords);
    case "text":
      return settled(condition.matches.test(view.text), "the text does not match", null);
    case "model":
      return checkOneOf("model", view.model, condition.oneOf);
    case "protocol":
      return checkOneOf("protocol", view.protocol, condition.oneOf);
    case "turns":
      return checkBound("turns", subject.signals.cheap.turns, condition.is, {
        above: "history_not_allowed",
      });
    case "length":
      return checkBound("length", subject.signals.cheap.characters, condition.is, {});
    default:
      return checkCall(condition, subject.facts);
  }
}

type CallCondition = Extract<
  FactCondition,
  { kind: "stream" | "tools" | "outage" | "caller" | "system" | "header" }
>;

function checkCall(condition: CallCondition, facts: Facts): Check {
  switch (condition.kind) {
    case "stream":
      return settled(facts.view.stream === condition.is, `stream is ${facts.view.stream}`, null);
    case "tools":
      return settled(facts.view.hasTools === condition.is, `tools is ${facts.view.hasTools}`, null);
    case "outage":
      return settled(facts.isOutage === condition.is, `outage is ${facts.isOutage}`, null);
    case "caller":
      return checkOneOf("caller", facts.caller ?? "", condition.oneOf);
    case "system":
      return settled(
        systemMatches(condition.is, facts.view.system),
        "the system prompt is not listed",
        "system_not_listed",
      );
    case "header":
      return checkHeader(condition.value, condition.name, facts);
  }
}

function checkHeader(wanted: string, name: string, facts: Facts): Check {
  const value = facts.header(name);
  const isMet =
    value !== undefined && (wanted === "*" || value.toLowerCase() === wanted.toLowerCase());
  return settled(isMet, `header ${name} is not as wanted`, null);
}

function systemMatches(rule: SystemRule, system: string | null): boolean {
  switch (rule.kind) {
    case "any":
      return true;
    case "none":
      return system === null;
    case "contains":
      return system?.includes(rule.text) === true;
    case "sha256":
      return system !== null && createHash("sha256").update(system).digest("hex") === rule.hex;
  }
}

function checkKeywords(wanted: readonly string[], hit: readonly string[]): Check {
  const isMet = wanted.some((group) => hit.includes(group));
  return settled(isMet, `no keyword of ${wanted.join(", ")}`, null);
}
