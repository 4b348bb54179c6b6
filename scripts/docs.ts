/** Writes the reference pages that are made from the program's tables, and the dashboard; `--check` fails when one has drifted. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errors } from "../proxy/core/errors.ts";
import { reasons } from "../proxy/core/reasons.ts";
import { metricTable } from "../proxy/telemetry/metric-table.ts";
import { annotations, PREFIX } from "../proxy/injector/annotations.ts";
import { baseUrlVariables } from "../proxy/injector/providers.ts";
import { metrics as injectorMetrics } from "../proxy/webhook/metric-table.ts";
import { doneReasons, leftReasons, skipReasons } from "../proxy/injector/reasons.ts";
import { adminPaths } from "../proxy/server/admin-paths.ts";
import { dashboardFile, dashboardJson } from "./dashboard.ts";

const root = join(import.meta.dirname, "..");

/** Page name -> its whole text. */
export function pages(): ReadonlyMap<string, string> {
  return new Map([
    ["docs/reasons.md", reasonsPage()],
    ["docs/errors.md", errorsPage()],
    ["docs/metrics.md", metricsPage()],
    ["docs/injection.md", injectionPage()],
    ["docs/admin.md", adminPage()],
    [dashboardFile, dashboardJson()],
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
    "`annotation_invalid`. `sidestep.dev/status` is written by the injector, and read by `sidestep status`.",
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
    ...injectorMetricTable(),
    "",
  ].join("\n");
}

function adminPage(): string {
  const rows = adminPaths.map(
    ({ path, method, takes, gives }) => `| ${method} \`${path}\` | ${takes} | ${gives} |`,
  );
  return [
    "# The admin listener",
    "",
    "`--admin`, `127.0.0.1:4001` unless said otherwise, on loopback addresses only. Everything but the page",
    'and the probes is JSON; an error is `{"error": {"message"}}` and names the mend. Nothing here holds',
    "what callers said, or a credential.",
    "",
    "| path | takes | gives |",
    "| --- | --- | --- |",
    ...rows,
    "",
    ...adminNotes,
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

function injectorMetricTable(): readonly string[] {
  const rows = Object.values(injectorMetrics).map(({ name, labelNames, help }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${labels === "" ? "none" : labels} | ${help} |`;
  });
  return [
    "## Metrics of the injector",
    "",
    "`/metrics` on its health port; Node's own metrics are there too.",
    "",
    "| metric | labels | what it tells |",
    "| --- | --- | --- |",
    ...rows,
  ];
}

function reasonTable(table: Readonly<Record<string, string>>): readonly string[] {
  const rows = Object.entries(table).map(([code, sentence]) => `| \`${code}\` | ${sentence} |`);
  return ["| code | what it means |", "| --- | --- |", ...rows];
}

const adminNotes = [
  "**Who may ask.** A request must name the listener as `localhost`, `127.0.0.1` or `[::1]`, so that no",
  "other name that is made to point here is served. Pages of other sites get 403, and may not embed what is",
  "served; a browser's page on another port of this machine may not POST. What changes something is POST.",
  "",
  "**Filters.** `decision` is `local`, `cache`, `stale`, `forwarded`, `refused`, or `would` for observed calls",
  "that would have been answered; `reason` is a code of [reasons.md](reasons.md), `route` a route's name,",
  "`search` a part of the request id. An observed call is found by what would have been done with it, too.",
  "",
  "**`/call`** holds `record` (the whole record), `because` (its reason in a sentence), `waitedMs` for the",
  "provider, `timeline` (`decide`: `atMs` and `tookMs`; `attempts[]`: `provider`, `model`, `atMs`; all counted from the request's head) and `account`:",
  "`heads[]` as in [explain.md](explain.md), `intent`, and `routes[]`, each with `bounds[]` (`key`, `value`,",
  "`limit`, `bound`, `isMet`), `failed[]` and `change`. The text is not kept, so a change is told by the",
  "conditions alone: with it the conditions would have held. Whether the route's answer would then have been",
  "given, `/explain` tells for the text.",
  "",
  "**`/events`** sends `calls` (`calls[]`, newest first, `skipped`: how many more there were than one event",
  "takes, `total`: calls since the start) at most four times a second, and `state` when policy, mode or model",
  "may have changed. A page that comes back with `Last-Event-ID` gets what it missed, as far as the last 1,000",
  "calls go. At most 16 pages follow at a time; one that leaves more than 256 KiB unread is cut off, so that",
  "it costs no memory.",
  "",
  "**`/report`** counts since the start of the process, in memory: buckets of 10 seconds for an hour, of 5",
  "minutes for a day and of an hour for 14 days (those without a call are left out), 100 routes and 100",
  "upstreams by name. Costs and savings are estimates at list prices; `unpriced` calls count nothing.",
  "Quantiles are the upper ends of buckets that are 26 % wide.",
  "",
  "**`/policy/check`** reads the policy's files with the texts that are given in their place, by paths of",
  "`/policy`, and finds what `sidestep check` finds; a plain text stands for the first file. `files[]` says",
  "what would change against what is in force. Nothing is taken up or written.",
];

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
