/** The kinds of fault a script can order, and the reading of a script from JSON. */

import { isObject, numberOf, objectsOf, stringOf } from "./json.ts";
import type { JsonObject } from "./json.ts";

/** Which calls a fault applies to; all that is given must hold. */
export interface FaultMatch {
  /** The path begins with this. */
  readonly path?: string;
  readonly model?: string;
  /** The last user turn contains this. */
  readonly text?: string;
  /** A request header of this name is present. */
  readonly header?: string;
}

interface FaultRule {
  readonly match?: FaultMatch;
  /** Matching calls to let through first; default 0. */
  readonly skip?: number;
  /** How many matching calls it hits; default 1, 0 means all. */
  readonly times?: number;
}

export type FaultEffect =
  /** Closes the connection before a byte of the reply. */
  | { readonly kind: "refuse" }
  /** Sends so many bytes of the body, then resets the connection. */
  | { readonly kind: "reset"; readonly afterBytes: number }
  /** Sends so many bytes of the body, then ends as if all were well. */
  | { readonly kind: "truncate"; readonly afterBytes: number }
  /** Falls silent after so many bytes of the body (-1: before the head), for good or for a while. */
  | { readonly kind: "stall"; readonly afterBytes: number; readonly durationMs: number | null }
  /** Sends the body in small pieces with a pause between them. */
  | { readonly kind: "trickle"; readonly bytes: number; readonly intervalMs: number }
  /** Sends the protocol's own error inside the stream after so many events. */
  | { readonly kind: "error_event"; readonly afterEvents: number }
  /** A reply that is no valid body, or not even HTTP. */
  | { readonly kind: "garbage"; readonly at: "body" | "protocol" }
  /** An error status in the protocol's own form. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly retryAfter: string | null;
      readonly headers: readonly (readonly [string, string])[];
      /** Replaces the protocol's own error body. */
      readonly body: string | null;
    };

export type Fault = FaultRule & FaultEffect;

const DEFAULT_CUT_BYTES = 100;

const EFFECTS: Readonly<Record<string, (entry: JsonObject) => FaultEffect>> = {
  refuse: () => ({ kind: "refuse" }),
  reset: (entry) => ({ kind: "reset", afterBytes: count(entry, "afterBytes", DEFAULT_CUT_BYTES) }),
  truncate: (entry) => ({
    kind: "truncate",
    afterBytes: count(entry, "afterBytes", DEFAULT_CUT_BYTES),
  }),
  stall: (entry) => ({
    kind: "stall",
    afterBytes: count(entry, "afterBytes", -1),
    durationMs: numberOf(entry["durationMs"]) ?? null,
  }),
  trickle: (entry) => ({
    kind: "trickle",
    bytes: Math.max(1, count(entry, "bytes", 1)),
    intervalMs: count(entry, "intervalMs", 20),
  }),
  error_event: (entry) => ({ kind: "error_event", afterEvents: count(entry, "afterEvents", 2) }),
  garbage: (entry) => ({ kind: "garbage", at: entry["at"] === "protocol" ? "protocol" : "body" }),
  status: (entry) => ({
    kind: "status",
    status: count(entry, "status", 500),
    retryAfter: stringOf(entry["retryAfter"]) ?? numberOf(entry["retryAfter"])?.toString() ?? null,
    headers: readHeaders(entry["headers"]),
    body: stringOf(entry["body"]) ?? null,
  }),
};

/** Reads `{"faults": [{"kind", ...}]}`; throws TypeError for an unknown kind. */
export function readFaults(body: unknown): readonly Fault[] {
  const entries = isObject(body) ? objectsOf(body["faults"]) : [];
  return entries.map((entry) => {
    const kind = stringOf(entry["kind"]) ?? "";
    const effect = Object.hasOwn(EFFECTS, kind) ? EFFECTS[kind] : undefined;
    if (effect === undefined) {
      throw new TypeError(
        `fault kind "${kind}" is none of ${Object.keys(EFFECTS).toSorted().join(", ")}`,
      );
    }
    return { ...readRule(entry), ...effect(entry) };
  });
}

function readRule(entry: JsonObject): FaultRule {
  const match = isObject(entry["match"]) ? { match: readMatch(entry["match"]) } : {};
  return { ...match, skip: count(entry, "skip", 0), times: count(entry, "times", 1) };
}

function readMatch(entry: JsonObject): FaultMatch {
  const path = stringOf(entry["path"]);
  const model = stringOf(entry["model"]);
  const text = stringOf(entry["text"]);
  const header = stringOf(entry["header"]);
  return {
    ...(path === undefined ? {} : { path }),
    ...(model === undefined ? {} : { model }),
    ...(text === undefined ? {} : { text }),
    ...(header === undefined ? {} : { header }),
  };
}

function readHeaders(value: unknown): readonly (readonly [string, string])[] {
  if (!isObject(value)) return [];
  return Object.entries(value).map(
    ([name, content]) => [name, stringOf(content) ?? JSON.stringify(content)] as const,
  );
}

function count(entry: JsonObject, name: string, fallback: number): number {
  return numberOf(entry[name]) ?? fallback;
}
