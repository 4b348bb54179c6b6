/** Prints an explanation for people: what, why, what was looked at on the way, and what would have changed it. */
import type { BoundAccount, HeadAccount } from "../layers/head-account.ts";
import type { Explanation } from "../layers/explain.ts";
import type { RouteMatch } from "../layers/match-accounts.ts";
import type { RouteAccount } from "../layers/route-account.ts";

/** Lines for a terminal. */
export function explanationLines(given: Explanation): string[] {
  return [
    `decision    ${given.decision}${given.observed === null ? "" : `  (only recorded: ${given.observed})`}`,
    `reason      ${given.reason}: ${given.because}`,
    `route       ${given.route ?? "none"}${given.target === null ? "" : ` -> ${given.target}`}`,
    `confidence  ${shown(given.confidence)}`,
    `complexity  ${shown(given.complexity)}`,
    ...(given.answer === null ? [] : ["answer", ...indented(given.answer)]),
    ...modelLines(given),
    ...(given.matches.length === 0 ? [] : ["matches", ...given.matches.flatMap(matchLines)]),
    "routes",
    ...given.routes.flatMap(routeLines),
    `policy      ${given.policy}`,
  ];
}

function modelLines(given: Explanation): string[] {
  const model = given.signals?.model ?? null;
  if (model === null) return ["model       not asked"];
  if ("failed" in model) return [`model       ${model.failed}`];
  const readable = model.isReadable
    ? []
    : ["readable    no: the model's own figures say nothing here"];
  return ["heads", ...given.heads.flatMap(headLines), ...readable];
}

function headLines({ head, label, confidence, second, margin, bounds }: HeadAccount): string[] {
  const isYesOrNo = label === head;
  const first = `  ${head.padEnd(10)} ${isYesOrNo ? "" : `${label} `}${shown(confidence)}`;
  const next = second === null ? "" : `, next ${second.label} ${shown(second.confidence)}`;
  const apart = margin === null ? "" : `, margin ${shown(margin)}`;
  return [`${first}${next}${apart}`, ...bounds.map(boundLine)];
}

function boundLine({ route, key, bound, isMet, by }: BoundAccount): string {
  return `    ${route}: ${key} ${bound} ${isMet ? "met" : "missed"} by ${shown(by)}`;
}

function matchLines(match: RouteMatch): string[] {
  const { best, second, margin, guard, bounds } = match;
  const of = match.name === null ? match.with : `${match.with} of ${match.name}`;
  const meant = best.isMeant ? best.name : `not ${best.name}`;
  const sure = `${shown(best.confidence)}, estimated share wrong ${shown(best.wrong)}`;
  return [
    `  ${of}: ${meant} ${sure}`,
    `    nearest  ${shown(best.similarity)} "${best.sentence}"${match.isExact ? ", word for word" : ""}`,
    ...(second === null
      ? []
      : [`    second   ${shown(second.similarity)} ${second.name}, margin ${shown(margin)}`]),
    ...(guard === null ? [] : [`    guard    ${guard.kind}: ${guard.because}`]),
    ...bounds.map(boundLine),
  ];
}

function routeLines({ outcome, route, because, reason, failed, change }: RouteAccount): string[] {
  const why = failed[0]?.because ?? because ?? reason;
  return [
    `  ${outcome.padEnd(9)} ${route}${why === null ? "" : `: ${why}`}`,
    ...failed.slice(1).map((one) => `            ${one.because}`),
    ...(change === null ? [] : [`            ${change.because}`]),
  ];
}

function indented(text: string): string[] {
  return text.split("\n").map((line) => `  ${line}`);
}

function shown(value: number | null): string {
  return value === null ? "-" : value.toFixed(4);
}
