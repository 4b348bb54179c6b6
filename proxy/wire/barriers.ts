/** How a codec says which parameters stand in the way of a made-up answer: a closed table of rules; used by the request readers. */
import type { ReasonCode } from "../core/reasons.ts";
import type { Json, JsonObject } from "../core/request.ts";
import { isList, isObject } from "./json.ts";

/** What bars a made-up answer, the weightiest first: the first one found is the reason told. */
export const barrierOrder: readonly Barrier[] = [
  "tools_present",
  "stored_state",
  "not_text_only",
  "sampling_contract",
  "stateful_feature",
  "last_turn_not_user",
  "parameter_unknown",
];

/** One of the reasons that are barriers. */
export type Barrier = Extract<
  ReasonCode,
  | "tools_present"
  | "stored_state"
  | "not_text_only"
  | "sampling_contract"
  | "stateful_feature"
  | "last_turn_not_user"
  | "parameter_unknown"
>;

/** Judges a parameter's value; null when it stands in nobody's way. Never sees null values. */
export type Rule = (value: Json) => Barrier | null;

/** By parameter name; what is not listed is `parameter_unknown`. */
export type Rules = ReadonlyMap<string, Rule>;

/** Collects barriers, each once. */
export class Barriers {
  readonly #found = new Set<Barrier>();

  add(barrier: Barrier | null): void {
    if (barrier !== null) this.#found.add(barrier);
  }

  /** Judges every key of `object`; a null value counts as absent. */
  check(object: JsonObject, rules: Rules): void {
    for (const [key, value] of Object.entries(object)) {
      if (value === null) continue;
      const rule = rules.get(key);
      this.add(rule === undefined ? "parameter_unknown" : rule(value));
    }
  }

  has(barrier: Barrier): boolean {
    return this.#found.has(barrier);
  }

  inOrder(): readonly Barrier[] {
    return barrierOrder.filter((barrier) => this.#found.has(barrier));
  }
}

/** Read elsewhere, so never a barrier by itself. */
export const readElsewhere: Rule = () => null;

/** Any value is a barrier. */
export function always(barrier: Barrier): Rule {
  return () => barrier;
}

/** A barrier unless the value is of this kind. */
export function unless(barrier: Barrier, isHarmless: (value: Json) => boolean): Rule {
  return (value) => (isHarmless(value) ? null : barrier);
}

/** Never a barrier in its documented shape; in another one it is a parameter that nobody knows. */
export function harmless(isDocumented: (value: Json) => boolean): Rule {
  return unless("parameter_unknown", isDocumented);
}

export function isBoolean(value: Json): boolean {
  return typeof value === "boolean";
}

export function isString(value: Json): boolean {
  return typeof value === "string";
}

/** "", [] and {}. */
export function isEmpty(value: Json): boolean {
  if (isList(value)) return value.length === 0;
  return isObject(value) ? Object.keys(value).length === 0 : value === "";
}

export function oneOf(...values: readonly Json[]): (value: Json) => boolean {
  return (value) => values.includes(value);
}

export function between(least: number, most: number): (value: Json) => boolean {
  return (value) => typeof value === "number" && value >= least && value <= most;
}
