/** Compiles routes: action, conditions with their defaults, cache rule; compile.ts calls it. */
import type {
  Action,
  AnswerSpec,
  CacheRule,
  Condition,
  Route,
  VerifyRule,
} from "../core/policy.ts";
import { answerOf } from "./answers.ts";
import { conditionOf, scopeOf, type Scope } from "./conditions.ts";
import type { Context } from "./context.ts";
import { DEFAULT_REFUSAL, DEFAULT_VERIFY_MAX_WRONG } from "./defaults.ts";
import { excludesSystemOnly, guarded, isNarrow } from "./guards.ts";
import type { RawWhen } from "./schema-conditions.ts";
import type { RawCache, RawRoute, RawVerify } from "./schema-routes.ts";
import { find, hasLost, type Path } from "./tree.ts";

const ACTIONS = ["answer", "forward", "refuse"] as const;

/** What narrows a template down to calls it can be right for. */
const TEMPLATE_NARROWING: ReadonlySet<Condition["kind"]> = new Set([
  "task",
  "intent",
  "sentiment",
  "keywords",
  "text",
  "header",
  "model",
  "outage",
]);

/** A label call may also be known by its system prompt; a FAQ narrows by its own match. */
const LABEL_NARROWING: ReadonlySet<Condition["kind"]> = new Set([...TEMPLATE_NARROWING, "system"]);

/** What routes take from the policy where they say nothing. */
export interface RouteDefaults {
  readonly cache: CacheRule;
  readonly verify: RawVerify;
}

/** Compiled routes; those with a problem, which `context` then holds, are left out. */
export function routesOf(
  raws: readonly RawRoute[],
  context: Context,
  { cache, verify }: RouteDefaults,
): readonly Route[] {
  context.expectUnique(
    raws.map((raw) => raw.name),
    ["routes"],
  );
  return raws.flatMap((raw, at) => {
    const done = actionOf(raw, context, ["routes", at]);
    if (done === null) return [];
    return [
      {
        name: raw.name,
        when: done.when,
        mode: raw.mode ?? null,
        action: done.action,
        cache: raw.cache === undefined ? null : cacheRuleFrom(raw.cache, cache),
        verify: verifyRule(raw, done, verify),
      },
    ];
  });
}

/** A rule with what it leaves out taken from `fallback`. */
export function cacheRuleFrom(raw: RawCache, fallback: CacheRule): CacheRule {
  return {
    mode: raw.mode ?? fallback.mode,
    scope: raw.scope ?? fallback.scope,
    identity: raw.identity ?? fallback.identity,
    ttlMs: raw.ttl ?? fallback.ttlMs,
    tools: raw.tools ?? fallback.tools,
  };
}

/** A route's own words first, then what it says of wrong answers elsewhere, then the policy's. */
function verifyRule(raw: RawRoute, { action, when }: Done, policy: RawVerify): VerifyRule {
  const sample = action.kind === "answer" ? (raw.verify?.sample ?? policy.sample ?? 0) : 0;
  const own = raw.verify?.max_wrong ?? maxWrongOf(action) ?? maxWrongIn(when);
  return { sample, maxWrong: own ?? policy.max_wrong ?? DEFAULT_VERIFY_MAX_WRONG };
}

function maxWrongOf(action: Action): number | null {
  if (action.kind !== "answer") return null;
  return "maxWrong" in action.answer ? action.answer.maxWrong : null;
}

function maxWrongIn(when: Condition): number | null {
  if (when.kind === "max_wrong") return when.share;
  if (when.kind !== "all") return null;
  return when.of.map(maxWrongIn).find((share) => share !== null) ?? null;
}

interface Done {
  readonly when: Condition;
  readonly action: Action;
}

function actionOf(raw: RawRoute, context: Context, path: Path): Done | null {
  const written = context.keys(path);
  const actions = ACTIONS.filter((action) => written.includes(action));
  if (actions.length !== 1) {
    context.report(path, "a route does exactly one of `answer`, `forward` and `refuse`");
    return null;
  }
  if (actions[0] === "answer") return answering(raw, context, path);
  const action = raw.refuse === undefined ? forwardOf(raw, context, path) : refuseOf(raw.refuse);
  const place = { context, path: [...path, "when"], scope: "task" } as const;
  return { when: conditionOf(raw.when ?? {}, place), action };
}

function forwardOf(raw: RawRoute, context: Context, path: Path): Action {
  const target = raw.forward?.target ?? null;
  if (target !== null) context.expectNamed("target", target, [...path, "forward", "target"]);
  return { kind: "forward", target };
}

function refuseOf(raw: NonNullable<RawRoute["refuse"]>): Action {
  return {
    kind: "refuse",
    status: raw.status ?? DEFAULT_REFUSAL.status,
    message: raw.message ?? DEFAULT_REFUSAL.message,
  };
}

function answering(raw: RawRoute, context: Context, path: Path): Done | null {
  const written = raw.when ?? {};
  const done = answerOf(raw.answer ?? {}, written, { context, path: [...path, "answer"] });
  if (done === null) return null;
  const { answer } = done;
  const scope = answer.kind === "label" ? labelScope(answer.head, written) : "task";
  const place = { context, path: [...path, "when"], scope };
  const when = conditionOf(done.when, place);
  checkNarrow(when, answer.kind, place);
  return { when: guarded(when), action: { kind: "answer", answer } };
}

/** In a label call's route, confidence is about the label. */
function labelScope(head: string, when: RawWhen): Scope {
  const named = scopeOf(when);
  if (named !== null) return named;
  return head === "sentiment" || head === "intent" ? head : "task";
}

function checkNarrow(
  when: Condition,
  kind: AnswerSpec["kind"],
  { context, path }: { readonly context: Context; readonly path: Path },
): void {
  if (excludesSystemOnly(when)) {
    const advice = "say outside of it which system prompts the call may have";
    context.report(path, `\`system\` inside \`not\` lists no system prompt; ${advice}`);
  }
  const written = find(context.tree, path.slice(0, -1));
  const isPart = written !== undefined && hasLost(written);
  const narrowing = kind === "label" ? LABEL_NARROWING : TEMPLATE_NARROWING;
  if (kind === "faq" || isPart || isNarrow(when, narrowing)) return;
  const words = [...narrowing].map((each) => `\`${each}\``).join(", ");
  context.report(path, `this would answer every call; narrow it down by one of ${words}`);
}
