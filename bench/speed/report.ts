/** Puts what the parts measured into Markdown for people; pure, so that it can be specified. */
import {
  isReached,
  median,
  type PartResult,
  type Row,
  type Table,
  type Target,
  type Unit,
  type Values,
} from "./figures.ts";
import type { Machine } from "./machine.ts";

/** One run of the bench. */
export interface Report {
  readonly machine: Machine;
  /** What a reader must know of the machine; null for nothing. */
  readonly note: string | null;
  readonly rounds: number;
  readonly seconds: number;
  readonly parts: readonly {
    readonly name: string;
    readonly about: string;
    readonly result: PartResult;
  }[];
}

/** `file` gives the address of a picture by its name. */
export function markdown(report: Report, file: (picture: string) => string): string {
  const { machine, rounds, seconds } = report;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const lines = [
    `# Speed, ${machine.date}`,
    "",
    ...(report.note === null ? [] : [`**${report.note}**`, ""]),
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGB} GB, ${machine.system}. ` +
      `${versions.join(", ")}. Load before the run: ${machine.load}.`,
    "",
    `${rounds} round${rounds === 1 ? "" : "s"} of ${seconds} s, in turn; medians, with the lowest and ` +
      "highest round in brackets. Ratios and differences are taken round by round.",
    "",
    ...targetLines(report.parts.flatMap(({ result }) => result.targets)),
    ...report.parts.flatMap(({ name, about, result }) => [
      `## ${name}: ${about}`,
      "",
      ...result.tables.flatMap(tableLines),
      ...result.pictures.flatMap(({ name: picture, picture: { title } }) => [
        `![${title}](${file(picture)})`,
        "",
      ]),
    ]),
  ];
  return lines.join("\n");
}

function targetLines(targets: readonly Target[]): readonly string[] {
  if (targets.length === 0) return [];
  const rows = targets.map((target) => {
    const reached = isReached(target);
    const verdict = reached === null ? "not measured" : reached ? "reached" : "missed";
    const value = target.value === null ? "" : valueText(target.value, target.unit);
    const bar = `${target.isMost ? "at most" : "at least"} ${valueText(target.bar, target.unit)}`;
    return `| ${target.text} | ${bar} | ${value} | ${verdict} |`;
  });
  return ["| target | bar | this run | |", "| --- | --- | --- | --- |", ...rows, ""];
}

function tableLines(table: Table): readonly string[] {
  const { columns, rows, subject, title, note } = table;
  const head = [subject, ...columns.map(({ name }) => name)];
  return [
    `### ${title}`,
    "",
    `| ${head.join(" | ")} |`,
    `| --- |${columns.map(() => " ---: |").join("")}`,
    ...rows.map((row) => `| ${[row.name, ...cellsOf(table, row)].join(" | ")} |`),
    "",
    ...(note === undefined ? [] : [note, ""]),
  ];
}

function cellsOf({ columns }: Table, { cells }: Row): readonly string[] {
  return columns.map(({ key, unit }) => cellText(cells[key] ?? [], unit));
}

/** The median, and the spread where it shows; nothing where there is no value. */
export function cellText(values: Values, unit: Unit): string {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return "";
  const middle = valueText(median(known), unit);
  const low = numberText(Math.min(...known), unit);
  const high = numberText(Math.max(...known), unit);
  return low === high ? middle : `${middle} (${low} to ${high})`;
}

const suffixes: Readonly<Record<Unit, string>> = {
  "per second": "",
  ms: " ms",
  s: " s",
  MB: " MB",
  KB: " KB",
  times: " ×",
  count: "",
  percent: " %",
};

/** A figure with its unit. */
export function valueText(value: number, unit: Unit): string {
  return `${numberText(value, unit)}${suffixes[unit]}`;
}

function numberText(value: number, unit: Unit): string {
  const isWhole = unit === "count" || unit === "per second";
  const digits = isWhole ? 0 : digitsFor(Math.abs(value), unit);
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

/** Three digits that count, where there are any behind the point. */
function digitsFor(size: number, unit: Unit): number {
  if (size >= 100 || size === 0) return 0;
  const least = unit === "s" ? 4 : 3;
  return Math.min(least, Math.max(0, 2 - Math.floor(Math.log10(size))));
}
