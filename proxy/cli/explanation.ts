/** Prints an explanation for people: what, why, and what was looked at on the way. */
import type { RouteCheck } from "../core/decision.ts";
import type { Explanation } from "../layers/explain.ts";

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
    "routes",
    ...given.trail.map(checkLine),
    `policy      ${given.policy}`,
  ];
}

function modelLines(given: Explanation): string[] {
  const model = given.signals?.model ?? null;
  if (model === null) return ["model       not asked"];
  if ("failed" in model) return [`model       ${model.failed}`];
  const { task, taskBy, sentiment, intent, injection, inScope } = model;
  const rule = taskBy === "rule" ? ", by its words" : "";
  const lines = [`task        ${task.label} ${shown(task.confidence)}${rule}`];
  if (intent !== null) {
    const wrong = `estimated share wrong ${shown(intent.wrong)}`;
    const how = intent.by === "characters" ? ", by characters" : "";
    lines.push(`intent      ${intent.label} ${shown(intent.confidence)}, ${wrong}${how}`);
  }
  if (!model.isReadable) lines.push("readable    no: the model's own figures say nothing here");
  if (sentiment !== null) {
    lines.push(`sentiment   ${sentiment.label} ${shown(sentiment.confidence)}`);
  }
  return [...lines, `in scope    ${shown(inScope)}`, `injection   ${shown(injection)}`];
}

function checkLine(step: RouteCheck): string {
  const why = step.because ?? step.reason;
  return `  ${step.outcome.padEnd(9)} ${step.route}${why === null ? "" : `: ${why}`}`;
}

function indented(text: string): string[] {
  return text.split("\n").map((line) => `  ${line}`);
}

function shown(value: number | null): string {
  return value === null ? "-" : value.toFixed(4);
}
