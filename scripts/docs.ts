/** Writes the reference pages that are made from the program's tables; `--check` fails when one has drifted. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errors } from "../proxy/core/errors.ts";
import { reasons } from "../proxy/core/reasons.ts";
import { metricTable } from "../proxy/telemetry/metric-table.ts";
import { annotations, PREFIX } from "../proxy/injector/annotations.ts";
import { baseUrlVariables } from "../proxy/injector/providers.ts";
import { doneReasons, leftReasons, skipReasons } from "../proxy/injector/reasons.ts";

const root = join(import.meta.dirname, "..");

/** Page name -> its whole text. */
export function pages(): ReadonlyMap<string, string> {
  return new Map([
    ["docs/reasons.md", reasonsPage()],
    ["docs/errors.md", errorsPage()],
    ["docs/metrics.md", metricsPage()],
    ["docs/injection.md", injectionPage()],
  ]);
}

function reasonsPage(): string {
  const rows = Object.entries(reasons).map(([code, sentence]) => `| \`${code}\` | ${sentence} |`);
  return [
    "# Reasons",
    "",
    "Every decision carries exactly one of these codes: in the `x-sidestep-reason` header, the log line,",
    "the metrics, `/decisions` and `sidestep explain`. The table is closed; a new code is a new row here.",
    "",
    "| code | what it means |",
    "| --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function errorsPage(): string {
  const rows = Object.entries(errors).map(
    ([code, { status, retryable, sentence }]) =>
      `| \`${code}\` | ${status} | ${retryable ? "yes" : "no"} | ${sentence} |`,
  );
  return [
    "# Errors",
    "",
    "Sidestep makes an error of its own only when it has no provider's reply to relay. The body has the",
    'caller\'s protocol\'s own form: OpenAI `{"error": {"message", "type", "param", "code"}}` with the',
    'code below in `code`; Anthropic `{"type": "error", "error": {"type", "message"}, "request_id"}`.',
    "A provider's own errors pass untouched.",
    "",
    "| code | status | worth retrying | sentence |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

/** The page as it is, with the rows of its table made anew. */
function metricsPage(): string {
  const rows = Object.entries(metricTable).map(([name, { kind, labels, help }]) => {
    const names = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${kind} | ${names === "" ? "none" : names} | ${help} |`;
  });
  const table = /^\| metric \| kind .*\n\| --- .*\n(?:\|.*\n)*/m;
  const head = "| metric | kind | labels | what it counts |\n| --- | --- | --- | --- |\n";
  return (textOf("docs/metrics.md") ?? "").replace(table, () => `${head}${rows.join("\n")}\n`);
}

function injectionPage(): string {
  const rows = Object.entries(annotations).map(
    ([word, { form, about }]) => `| \`${PREFIX}${word}\` | ${form} | ${about} |`,
  );
  const variables = baseUrlVariables.map(
    ({ name, provider, path }) =>
      `| \`${name}\` | ${provider} | \`http://127.0.0.1:4000${path}\` |`,
  );
  return [
    "# Injection: annotations, variables, reasons",
    "",
    "What [kubernetes.md](kubernetes.md) tells in order, as tables. The webhook and `sidestep inject` are",
    "the same code.",
    "",
    "## Annotations of a pod",
    "",
    "`sidestep.dev/inject` (`enabled` or `disabled`) is a label of namespaces and pods, or an annotation",
    "of a pod; a pod's refusal wins over everything, its wish over its namespace's. The others are",
    "annotations of the pod. One that is unknown or not of its form keeps the sidecar out, with the reason",
    "`annotation_invalid`. `sidestep.dev/status` is written by the injector.",
    "",
    "| annotation | value | what it does |",
    "| --- | --- | --- |",
    ...rows,
    "",
    "## Variables that are set",
    "",
    "| variable | provider | value |",
    "| --- | --- | --- |",
    ...variables,
    "",
    ...injectionReasons(),
    "",
  ].join("\n");
}

function injectionReasons(): readonly string[] {
  const tables: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["Why a pod gets no sidecar:", skipReasons],
    ["What is done to a container:", doneReasons],
    ["What is left alone in a container:", leftReasons],
  ];
  return [
    "## Reasons",
    ...tables.flatMap(([title, table]) => ["", title, "", ...reasonTable(table)]),
  ];
}

function reasonTable(table: Readonly<Record<string, string>>): readonly string[] {
  const rows = Object.entries(table).map(([code, sentence]) => `| \`${code}\` | ${sentence} |`);
  return ["| code | what it means |", "| --- | --- |", ...rows];
}

/** The pages whose file differs from what the tables give. */
export function drifted(): string[] {
  return [...pages()].filter(([page, text]) => textOf(page) !== text).map(([page]) => page);
}

function textOf(page: string): string | null {
  try {
    return readFileSync(join(root, page), "utf8");
  } catch {
    return null;
  }
}

function main(): void {
  const old = drifted();
  if (process.argv.includes("--check")) {
    for (const page of old) console.error(`${page} has drifted: run npm run docs`);
    process.exitCode = old.length === 0 ? 0 : 1;
    return;
  }
  for (const [page, text] of pages()) writeFileSync(join(root, page), text);
}

if (import.meta.main) main();
