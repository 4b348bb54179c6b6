/** What an answering route must have before it may speak: system prompts and turns it lists, and something that narrows it. */
import type { Condition } from "../core/policy.ts";

type Guarded = "system" | "turns";

const GUARDS: Readonly<Record<Guarded, Condition>> = {
  system: { kind: "system", is: { kind: "none" } },
  turns: { kind: "turns", is: { op: "<=", value: 1 } },
};

/**
 * The condition with `system: none` and `turns: "<= 1"` put in wherever a way through it says
 * nothing of system prompts or of turns.
 */
export function guarded(condition: Condition): Condition {
  return withGuard(withGuard(condition, "turns"), "system");
}

/** Whether `system` stands only inside a `not`, which says what is excluded but not what is listed. */
export function excludesSystemOnly(condition: Condition): boolean {
  return !mentions(condition, "system", false) && mentions(condition, "system", true);
}

/** Whether every way through the condition asks for something about this one call's content or marks. */
export function isNarrow(condition: Condition, narrowing: ReadonlySet<Condition["kind"]>): boolean {
  switch (condition.kind) {
    case "all":
      return condition.of.some((each) => isNarrow(each, narrowing));
    case "any":
      return condition.of.every((each) => isNarrow(each, narrowing));
    case "text":
      // A pattern that matches nothing at all matches every text.
      return narrowing.has("text") && !condition.matches.test("");
    case "outage":
      return narrowing.has("outage") && condition.is;
    case "system":
      return narrowing.has("system") && ["contains", "sha256"].includes(condition.is.kind);
    default:
      return narrowing.has(condition.kind);
  }
}

function withGuard(condition: Condition, what: Guarded): Condition {
  if (!isMentioned(condition, what))
    return { kind: "all", of: [GUARDS[what], ...partsOf(condition)] };
  switch (condition.kind) {
    case "all": {
      // One guarded part guards the whole.
      const at = condition.of.findIndex((each) => isMentioned(each, what));
      return {
        kind: "all",
        of: condition.of.map((each, index) => (index === at ? withGuard(each, what) : each)),
      };
    }
    case "any":
      return { kind: "any", of: condition.of.map((each) => withGuard(each, what)) };
    default:
      return condition;
  }
}

/** A `not` about turns bounds them; a `not` about system prompts lists none. */
function isMentioned(condition: Condition, what: Guarded): boolean {
  return mentions(condition, what, what === "turns");
}

function mentions(condition: Condition, what: Guarded, isNotCounted: boolean): boolean {
  switch (condition.kind) {
    case "all":
    case "any":
      return condition.of.some((each) => mentions(each, what, isNotCounted));
    case "not":
      return isNotCounted && mentions(condition.of, what, true);
    default:
      return condition.kind === what;
  }
}

function partsOf(condition: Condition): readonly Condition[] {
  return condition.kind === "all" ? condition.of : [condition];
}
