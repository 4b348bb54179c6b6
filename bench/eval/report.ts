/** Figures as Markdown for the card, and as aligned text for a terminal. */
import type { Cell, Table } from "./result.ts";
import { partNames, type PartName } from "./settings.ts";
import type { Evaluation, StoredPart } from "./stored.ts";
import { reached } from "./targets.ts";

const titles: Readonly<Record<PartName, string>> = {
  heads: "Heads",
  int8: "INT8 against FP32",
  intents: "User intents",
  faq: "FAQ",
  labels: "Labels",
  difficulty: "Difficulty",
  ordering: "Complexity and difficulty against who was right",
  failures: "Known failures",
  dedupe: "De-duplication",
  latency: "Time and memory",
};

/** The card's section: every stored part with its tables and pictures. */
export function markdown(evaluation: Evaluation): string {
  const { model, parts } = evaluation;
  const sections = partNames.flatMap((name) => {
    const part = parts[name];
    return part === undefined || part.tables.length === 0 ? [] : [sectionOf(name, part)];
  });
  const head = `Written by \`npm run eval -- --write\` for ${model.name}, model file ${model.sha256.slice(0, 12)}; every figure is recomputed by \`npm run eval\`.`;
  return [head, ...targetSection(evaluation), ...sections].join("\n\n");
}

function targetSection(evaluation: Evaluation): readonly string[] {
  const rows = reached(evaluation).map(({ what, wanted, found, of, isMet }) => {
    const figure = `${cellText(found)}${of === null ? "" : ` (${of})`}`;
    return `| ${what} | ${wanted} | ${figure} | ${isMet ? "met" : "**missed**"} |`;
  });
  if (rows.length === 0) return [];
  const head = ["| what | target | reached | |", "| --- | --- | --- | --- |"];
  return ["## Targets", [...head, ...rows].join("\n")];
}

function sectionOf(name: PartName, { made, tables, pictures }: StoredPart): string {
  const { processor, node, onnxruntime, date } = made;
  return [
    `## ${titles[name]}`,
    ...tables.flatMap((table) => [`**${table.title}**`, tableOf(table), ...noteOf(table)]),
    ...pictures.map(({ file, title }) => `![${title}](figures/${file})`),
    `${date}; ${processor}; Node ${node}; onnxruntime ${onnxruntime}.`,
  ].join("\n\n");
}

function noteOf({ note }: Table): readonly string[] {
  return note === undefined ? [] : [note];
}

function tableOf({ columns, rows }: Table): string {
  const lines = rows.map(({ name, cells }) => [name, ...cells.map(cellText)]);
  return [columns, columns.map(() => "---"), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** One table for a terminal. */
export function plainTable({ title, columns, rows, note }: Table): string {
  const lines = [columns, ...rows.map(({ name, cells }) => [name, ...cells.map(cellText)])];
  const widths = columns.map((_, at) => Math.max(...lines.map((cells) => cells[at]?.length ?? 0)));
  const aligned = lines.map((cells) =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  return [title, ...aligned, ...(note === undefined ? [] : [note]), "", ""].join("\n");
}

/** A figure with its interval; a dash for none. */
export function cellText({ unit, value, low, high }: Cell): string {
  if (value === null) return "-";
  if (unit === "count") return String(value);
  if (unit !== "share") return `${value.toFixed(unit === "ms" ? 2 : 1)} ${unit}`;
  const figure = places(value);
  return low === undefined || high === undefined
    ? figure
    : `${figure} (${places(low)} to ${places(high)})`;
}

// Small shares, such as those wrong, would say nothing with three places.
function places(share: number): string {
  return share !== 0 && Math.abs(share) < 0.0995 ? share.toFixed(4) : share.toFixed(3);
}
