/** The demo's live table: one line a call, as it comes back. */

import type { Call, Decision, Outcome } from "./call.ts";
import { fitted } from "./terminal.ts";
import type { Style, Terminal } from "./terminal.ts";

interface Column {
  readonly title: string;
  readonly columns: number;
  readonly side: "left" | "right";
}

interface Layout {
  readonly text: number;
  readonly columns: readonly Column[];
  readonly gap: string;
}

const ROOMY_COLUMNS = 100;

/** The text takes what the others leave. */
function layoutFor(terminal: Terminal): Layout {
  const isRoomy = terminal.columns >= ROOMY_COLUMNS;
  const columns: readonly Column[] = [
    { title: "decision", columns: 9, side: "left" },
    { title: "reason", columns: isRoomy ? 21 : 14, side: "left" },
    { title: "conf", columns: 4, side: "right" },
    { title: "cplx", columns: 4, side: "right" },
    { title: "time", columns: 7, side: "right" },
    { title: "cost", columns: 8, side: "right" },
    { title: "saved", columns: 8, side: "right" },
  ];
  const gap = isRoomy ? "  " : " ";
  const taken = columns.reduce((sum, column) => sum + column.columns + gap.length, 0);
  return { text: terminal.columns - taken, columns, gap };
}

const STYLES: Readonly<Record<Decision, Style>> = {
  local: "green",
  cache: "cyan",
  stale: "yellow",
  forwarded: "magenta",
  refused: "red",
  error: "red",
};

export function headLine(terminal: Terminal): string {
  const { text, columns, gap } = layoutFor(terminal);
  const cells = columns.map((column) => fitted(column.title, column.columns, column.side));
  const line = [fitted("text", text), ...cells].join(gap);
  return `${terminal.paint("dim", line.trimEnd())}\n`;
}

export function callLine(terminal: Terminal, call: Call, outcome: Outcome): string {
  const { text, columns, gap } = layoutFor(terminal);
  const values = [
    outcome.decision,
    outcome.reason,
    score(outcome.confidence),
    score(outcome.complexity),
    duration(outcome.durationMs),
    amount(outcome.costUsd),
    amount(outcome.savedUsd),
  ];
  const cells = columns.map((column, at) => fitted(values[at] ?? "", column.columns, column.side));
  const painted = cells.map((cell, at) =>
    at === 0 ? terminal.paint(STYLES[outcome.decision], cell) : cell,
  );
  const asked = fitted(`${mark(call)} ${call.text}`, text);
  return `${[asked, ...painted].join(gap).trimEnd()}\n`;
}

export function usd(amountUsd: number): string {
  return `$${amountUsd.toFixed(6)}`;
}

/** What kind of call it is: protocol, and an arrow for a stream, a wrench's letter for tools. */
function mark(call: Call): string {
  const kind = call.sdk === "openai" ? "O" : "A";
  return `${kind}${call.stream ? "~" : " "}${call.tools ? "t" : " "}`;
}

function score(value: number | null): string {
  return value === null ? "" : value.toFixed(2);
}

function duration(durationMs: number): string {
  return durationMs < 1000 ? `${durationMs.toFixed(0)} ms` : `${(durationMs / 1000).toFixed(2)} s`;
}

function amount(value: number | null): string {
  if (value === null) return "";
  return value === 0 ? "0" : value.toFixed(6);
}
