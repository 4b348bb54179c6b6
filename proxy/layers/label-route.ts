/** What is special about routes that answer with a label: examples are no history, and the model reads the text alone; used by judge and deliberation. */
import type { AnswerSpec, Condition, LabelAnswer, Policy, Route } from "../core/policy.ts";
import { labelCallOf } from "../wire/label-call.ts";
import { check, type Subject } from "./condition.ts";
import type { Check } from "./truth.ts";

/** Pairs of a text and its label are examples for the next text, not its history. */
export function checkLabel(route: Route, answer: LabelAnswer, subject: Subject): Check {
  const result = check(route.when, subject);
  if (result.truth !== "false" || subject.signals.cheap.turns <= 1) return result;
  const again = check(route.when, asFirstTurn(subject));
  if (again.truth === "false") return result;
  return labelCallOf(answer, subject.facts.view).isDialogue ? again : result;
}

/** The call as a route's own condition sees it. */
export function subjectFor(route: Route, subject: Subject): Subject {
  const { action } = route;
  if (action.kind !== "answer" || action.answer.kind !== "label") return subject;
  return labelCallOf(action.answer, subject.facts.view).isDialogue ? asFirstTurn(subject) : subject;
}

function asFirstTurn(subject: Subject): Subject {
  const { signals, facts, complexity } = subject;
  return { facts, complexity, signals: { ...signals, cheap: { ...signals.cheap, turns: 1 } } };
}

/** What judge() says of a route that is about something else than the model read. */
export const readElse: Check = {
  truth: "false",
  because: "this is a label call, of which the model read only the text to classify",
  reason: null,
};

/**
 * Whether the model read something else than what this route is about. A call that a label route may take
 * wants a label: what the model says of its text is no ground for another answer.
 */
export function readsElse(route: Route, answer: AnswerSpec, { signals, facts }: Subject): boolean {
  if (signals.model.kind !== "known") return false;
  const part = signals.part ?? null;
  if (answer.kind === "label") {
    const { text } = labelCallOf(answer, facts.view);
    return text !== null && text.trim() !== (part?.text ?? facts.view.text).trim();
  }
  return part !== null && (answer.kind === "faq" || asksModel(route.when));
}

/** What the first label route from `from` on that may match wants read; null when none may. */
export function partToRead(
  given: Subject & { readonly policy: Policy },
  from: number,
): string | null {
  for (const route of given.policy.routes.slice(from)) {
    const { action } = route;
    if (action.kind !== "answer" || action.answer.kind !== "label") continue;
    if (checkLabel(route, action.answer, given).truth === "false") continue;
    return labelCallOf(action.answer, given.facts.view).text ?? given.facts.view.text;
  }
  return null;
}

/** Whether a condition's truth depends on what the model read. */
function asksModel(condition: Condition): boolean {
  switch (condition.kind) {
    case "all":
    case "any":
      return condition.of.some(asksModel);
    case "not":
      return asksModel(condition.of);
    default:
      return modelKinds.has(condition.kind);
  }
}

const modelKinds: ReadonlySet<Condition["kind"]> = new Set([
  "task",
  "sentiment",
  "intent",
  "confidence",
  "max_wrong",
  "in_scope",
  "injection",
  "difficulty",
  "complexity",
]);
