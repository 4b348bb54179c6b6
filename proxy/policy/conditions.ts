/** Compiles a `when` into a condition; routes.ts and compile.ts (for the deny list) call it. */
import type { Condition } from "../core/policy.ts";
import type { Context } from "./context.ts";
import type { RawWhen } from "./schema-conditions.ts";
import type { Path } from "./tree.ts";

/** What a confidence or share wrong is about. */
export type Scope = "task" | "intent" | "sentiment";

/** Where a `when` stands. */
export interface Place {
  readonly context: Context;
  readonly path: Path;
  /** What confidence is about where the `when` itself names nothing. */
  readonly scope: Scope;
}

/** Always a list of conditions that must all hold; cheap ones first, so that reasons name them first. */
export function conditionOf(raw: RawWhen, place: Place): Extract<Condition, { kind: "all" }> {
  checkReferences(raw, place);
  const scope = scopeOf(raw) ?? place.scope;
  return {
    kind: "all",
    of: [...callConditions(raw), ...textConditions(raw), ...modelConditions(raw, scope)].concat(
      nestedConditions(raw, { ...place, scope }),
    ),
  };
}

/** As `conditionOf`, where an empty condition cannot be meant. */
export function namedConditionOf(raw: RawWhen, place: Place): Condition {
  if (place.context.keys(place.path).length === 0) {
    place.context.report(place.path, "this condition is empty and would hold for every call");
  }
  return conditionOf(raw, place);
}

/** What a `when` names, itself or in what it nests; null when it names none of them. */
export function scopeOf(raw: RawWhen): Scope | null {
  if (raw.intent !== undefined) return "intent";
  if (raw.sentiment !== undefined) return "sentiment";
  if (raw.task !== undefined) return "task";
  const nested = [...(raw.any ?? []), ...(raw.all ?? [])].map(scopeOf);
  return (["intent", "sentiment", "task"] as const).find((scope) => nested.includes(scope)) ?? null;
}

function checkReferences(raw: RawWhen, { context, path }: Place): void {
  const references = [
    ["intent", "intent", raw.intent],
    ["keyword group", "keywords", raw.keywords],
  ] as const;
  for (const [kind, key, names] of references) {
    for (const [at, name] of (names ?? []).entries()) {
      context.expectNamed(kind, name, [...path, key, at]);
    }
  }
}

function callConditions(raw: RawWhen): Condition[] {
  const conditions: Condition[] = [];
  if (raw.caller !== undefined) conditions.push({ kind: "caller", oneOf: raw.caller });
  if (raw.protocol !== undefined) conditions.push({ kind: "protocol", oneOf: raw.protocol });
  if (raw.model !== undefined) conditions.push({ kind: "model", oneOf: raw.model });
  for (const kind of ["stream", "tools", "outage"] as const) {
    const is = raw[kind];
    if (is !== undefined) conditions.push({ kind, is });
  }
  for (const [name, value] of Object.entries(raw.header ?? {})) {
    conditions.push({ kind: "header", name: name.toLowerCase(), value });
  }
  const rules = (raw.system ?? []).map((is): Condition => ({ kind: "system", is }));
  return [...conditions, ...anyOf(rules)];
}

function textConditions(raw: RawWhen): Condition[] {
  const conditions: Condition[] = [];
  for (const kind of ["turns", "length"] as const) {
    const is = raw[kind];
    if (is !== undefined) conditions.push({ kind, is });
  }
  for (const kind of ["language", "keywords"] as const) {
    const oneOf = raw[kind];
    if (oneOf !== undefined) conditions.push({ kind, oneOf });
  }
  const patterns = (raw.text ?? []).map((matches): Condition => ({ kind: "text", matches }));
  return [...conditions, ...anyOf(patterns)];
}

function modelConditions(raw: RawWhen, scope: Scope): Condition[] {
  const conditions: Condition[] = [];
  for (const kind of ["task", "intent", "sentiment"] as const) {
    const oneOf = raw[kind];
    if (oneOf !== undefined) conditions.push({ kind, oneOf });
  }
  if (raw.confidence !== undefined) {
    conditions.push({ kind: "confidence", of: scope, is: raw.confidence });
  }
  if (raw.max_wrong !== undefined) {
    const of = scope === "intent" ? "intent" : "task";
    conditions.push({ kind: "max_wrong", of, share: raw.max_wrong });
  }
  for (const kind of ["complexity", "in_scope", "injection", "difficulty"] as const) {
    const is = raw[kind];
    if (is !== undefined) conditions.push({ kind, is });
  }
  return conditions;
}

function nestedConditions(raw: RawWhen, place: Place): Condition[] {
  const conditions: Condition[] = [];
  for (const kind of ["all", "any"] as const) {
    const inner = raw[kind];
    if (inner === undefined) continue;
    const of = inner.map((each, at) =>
      namedConditionOf(each, { ...place, path: [...place.path, kind, at] }),
    );
    conditions.push({ kind, of });
  }
  if (raw.not === undefined) return conditions;
  const excluded = namedConditionOf(raw.not, { ...place, path: [...place.path, "not"] });
  return [...conditions, { kind: "not", of: excluded }];
}

function anyOf(conditions: readonly Condition[]): readonly Condition[] {
  return conditions.length > 1 ? [{ kind: "any", of: conditions }] : conditions;
}
