/** Which decision records somebody wants to see; read from the query of `/decisions` and `/events`. */
import type { DecisionRecord } from "../core/decision.ts";
import { isAnswer } from "./time-series.ts";

/** Empty texts ask for nothing. */
export interface RecordFilter {
  /** A decision, or "would" for observed calls that would have been answered. */
  readonly decision: string;
  readonly reason: string;
  readonly route: string;
  /** Part of the request id. */
  readonly id: string;
}

/** Longest text of a query that is looked for. */
const longestText = 200;

/** The filter that a query names: `decision`, `reason`, `route` and `search`. */
export function filterOf(query: URLSearchParams): RecordFilter {
  const text = (name: string): string => (query.get(name) ?? "").slice(0, longestText);
  const [decision, reason, route] = [text("decision"), text("reason"), text("route")];
  return { decision, reason, route, id: text("search").trim().toLowerCase() };
}

/** Whether the record is one of those. An observed call counts for the route and the reason that it would have had, too. */
export function matches(filter: RecordFilter, { id, verdict }: DecisionRecord): boolean {
  const { would } = verdict;
  return (
    isDecision(filter.decision, verdict) &&
    isOneOf(filter.reason, verdict.reason, would?.reason) &&
    isOneOf(filter.route, verdict.route, would?.route) &&
    id.toLowerCase().includes(filter.id)
  );
}

function isDecision(wanted: string, { decision, would }: DecisionRecord["verdict"]): boolean {
  if (wanted === "would") return isAnswer(would?.decision);
  return wanted === "" || wanted === decision;
}

function isOneOf(wanted: string, ...values: readonly (string | null | undefined)[]): boolean {
  return wanted === "" || values.includes(wanted);
}
