/** `npm run hour`: an hour of a web shop's calls in three minutes, with faults; page, metrics and alerts as they happen; checks itself. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { applicationFor } from "../examples/demo/application.ts";
import type { Outcome } from "../examples/demo/call.ts";
import { hasPrometheus, startPrometheus, type Prometheus } from "../test/support/prometheus.ts";
import { shippedRules, shortened } from "../test/support/rules.ts";
import { AlertBook } from "./hour/alerts.ts";
import { events, type Event, type Hour } from "./hour/events.ts";
import { figuresOf } from "./hour/figures.ts";
import { createStage, type Stage } from "./screenshots/stage.ts";
import { callsOf } from "./screenshots/traffic.ts";

const help = `npm run hour [-- --serve]

An hour of calls in three minutes, through a sidecar in front of a simulated cloud, scraped by a real
Prometheus with the shipped rules, whose windows are as much shorter. Things go wrong by a script; each must
make its alerts fire, and nothing else may.

  --serve   stay up at the end, with the page and Prometheus to look at

Exit codes: 0 everything as expected, 1 something was not.`;

const minutes = 60;
const minuteMs = 3000;

/** What a busy machine brings about by itself. */
const machines: ReadonlySet<string> = new Set([
  "SidestepClassifierOverloaded",
  "SidestepDown",
  "SidestepEventLoopBlocked",
  "SidestepMemoryNearLimit",
  "SidestepOverheadHigh",
  "SidestepRestarting",
]);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      serve: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return told(help);
  if (!hasPrometheus) return told("There is no prometheus and promtool (Debian: prometheus).", 1);
  const stage = await createStage({ speed: 60_000 / minuteMs, backMs: minutes * 60_000 });
  const jobs = { sidestep: stage.admin };
  const rules = shippedRules.map(shortened);
  const prometheus = await startPrometheus({ jobs, rules, intervalMs: 1000 });
  try {
    told(`The page: ${stage.admin}/   Prometheus: ${prometheus.url}/alerts`);
    const complaints = await play(stage, prometheus);
    if (values.serve) await untilStopped();
    return complaints.length === 0 ? 0 : 1;
  } finally {
    await prometheus.stop();
    await stage.close();
  }
}

async function play(stage: Stage, prometheus: Prometheus): Promise<readonly string[]> {
  const hour: Hour = { stage, application: applicationFor(stage.url) };
  const book = new AlertBook(prometheus);
  // Prometheus looks for the first time after some seconds, and a rise is seen only from there on.
  await until(async () => (await prometheus.query("up == 1")).length > 0);
  const calls: Promise<Unexplained | null>[] = [];
  for (let minute = 0; minute < minutes; minute += 1) {
    const over = sleep(minuteMs);
    await turn(hour, minute);
    calls.push(...callsOf(minute).map((call, at) => asked(hour, { call, minute, at })));
    await over;
    report(minute + 1, await book.read(minute + 1));
  }
  const unexplained = (await Promise.all(calls)).filter((one) => one !== null);
  await until(async () => (await book.read(minutes)).firing.every((one) => machines.has(one)));
  return summary(stage, prometheus, { book, unexplained });
}

async function turn(hour: Hour, minute: number): Promise<void> {
  for (const event of events) {
    if (event.until === minute) await event.end(hour);
    if (event.until === minute) line(minute, `over: ${event.what}`);
    if (event.from !== minute) continue;
    line(minute, event.what);
    await event.begin(hour);
  }
}

interface Unexplained {
  readonly minute: number;
  readonly outcome: Outcome;
}

/** An error of which no event is to blame; null for all else. */
async function asked(
  { application }: Hour,
  { call, minute, at }: { call: ReturnType<typeof callsOf>[number]; minute: number; at: number },
): Promise<Unexplained | null> {
  await sleep(at * (minuteMs / 30));
  const outcome = await application.call(call);
  // A client tries again for a while, so that a call's end may lie behind the event's.
  const isBlamed = (event: Event): boolean =>
    event.isProviders && minute >= event.from - 1 && minute <= event.until;
  return outcome.decision !== "error" || events.some(isBlamed) ? null : { minute, outcome };
}

function report(minute: number, { began, ended }: { began: string[]; ended: string[] }): void {
  for (const alert of began) line(minute, `    ALERT ${alert}`);
  for (const alert of ended) line(minute, `    resolved ${alert}`);
}

interface Seen {
  readonly book: AlertBook;
  readonly unexplained: readonly Unexplained[];
}

async function summary(
  stage: Stage,
  prometheus: Prometheus,
  { book, unexplained }: Seen,
): Promise<readonly string[]> {
  told("");
  for (const [question, figure] of await figuresOf(prometheus)) {
    told(`${question.padEnd(40)} ${figure}`);
  }
  const audit = auditOf(stage);
  told(`${"audit log".padEnd(40)} ${audit}\n`);
  const complaints = [
    ...alertComplaints(book),
    ...unexplained.map(
      ({ minute, outcome }) =>
        `minute ${minute}: an error nobody is to blame for: ${outcome.answer}`,
    ),
    ...(audit.startsWith("whole") ? [] : [`the audit log is not whole: ${audit}`]),
  ];
  for (const complaint of complaints) told(`NOT AS EXPECTED: ${complaint}`);
  if (complaints.length === 0) told("Everything went as expected.");
  return complaints;
}

function alertComplaints({ fired }: AlertBook): string[] {
  const wanted = events.flatMap(({ alerts, what, from }) =>
    alerts.map((alert) => ({ alert, what, from })),
  );
  const silent = wanted.filter(
    ({ alert, from }) => !fired.some((one) => one.alert === alert && one.from >= from),
  );
  const known = new Set(wanted.map(({ alert }) => alert));
  const others = fired.filter(({ alert }) => !known.has(alert) && !machines.has(alert));
  const lasting = fired.filter(({ alert, until: end }) => end === null && !machines.has(alert));
  return [
    ...silent.map(({ alert, what }) => `${alert} did not fire: ${what}`),
    ...others.map(({ alert, from }) => `${alert} fired at minute ${from}, and nothing was wrong`),
    ...lasting.map(({ alert }) => `${alert} did not resolve`),
  ];
}

function auditOf({ audit }: Stage): string {
  const sidestep = join(import.meta.dirname, "../proxy/main.ts");
  try {
    const args = [sidestep, "audit", "verify", audit];
    return execFileSync(process.execPath, args, { encoding: "utf8" }).split("\n")[0] ?? "";
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault);
  }
}

/** Gives up after half a minute; what is then missing is complained about. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 60 && !(await isSo()); tries += 1) await sleep(500);
}

async function untilStopped(): Promise<void> {
  told("Up until Ctrl-C.");
  await new Promise((done) => process.once("SIGINT", done));
}

function line(minute: number, text: string): void {
  told(`${String(minute).padStart(2, "0")}:00  ${text}`);
}

function told(text: string, code = 0): number {
  process.stdout.write(`${text}\n`);
  return code;
}

process.exitCode = await main();
