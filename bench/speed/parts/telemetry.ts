/** Part `telemetry`: what log lines and spans cost, with metrics on and read every second. */
import { join } from "node:path";
import { cpuSeconds } from "../accounting.ts";
import { sidestep, type Running } from "../contenders.ts";
import { middleIn, ratios, Rounds, withDerived, type Column, type Table } from "../figures.ts";
import { startFixedUpstream } from "../nginx.ts";
import { inTurn, type Part } from "../part.ts";
import { loadOf, mostConnections } from "../relays.ts";
import { scrape } from "../scraped.ts";
import { startAll, type Stage } from "../stage.ts";
import { chatReply } from "../traffic.ts";
import { warmUp } from "../warm-up.ts";

const shippedName = "as shipped";
const sampledName = "10 % of the calls traced";
const scrapeMs = 1000;

const columns: readonly Column[] = [
  { key: "rate", name: "calls/s", unit: "per second" },
  { key: "p99", name: "p99", unit: "ms" },
  { key: "cpu", name: "CPU seconds per 1,000 calls", unit: "s" },
];

export const telemetryPart: Part = {
  name: "telemetry",
  about: "what log lines, metrics and spans cost",
  run: async (stage) => {
    const { processes, folder, cores } = stage;
    const place = { processes, folder, core: cores.load };
    const upstream = await startFixedUpstream(place, chatReply());
    const collector = await startCollector(stage);
    const running = await startAll(
      stage,
      [
        sidestep({ name: shippedName }),
        sidestep({ name: "without log lines", environment: { SIDESTEP_LOG_LEVEL: "error" } }),
        sidestep({ name: sampledName, environment: traced(collector) }),
      ],
      upstream.url,
    );
    const table = await measured(stage, running);
    const at = { table: table.name, row: sampledName, column: "share" };
    return {
      tables: [table],
      pictures: [],
      targets: [
        {
          text: "calls/s with 10 % traced and metrics on, against no tracing",
          value: middleIn([table], at),
          unit: "times",
          bar: 0.9,
          isMost: false,
        },
      ],
    };
  },
};

async function startCollector({ processes, cores }: Stage): Promise<string> {
  const started = await processes.start({
    name: "collector",
    command: process.execPath,
    args: [join(import.meta.dirname, "../programs/otlp-sink.ts")],
    core: cores.load,
    ready: "line",
  });
  return String(started.ready["url"]);
}

function traced(collector: string): Readonly<Record<string, string>> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector,
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.1",
  };
}

async function measured(stage: Stage, running: readonly Running[]): Promise<Table> {
  const { settings } = stage;
  const { rounds, seconds } = settings;
  const found = new Rounds();
  const load = (one: Running, length: number): ReturnType<typeof loadOf> =>
    loadOf(stage, one, { connections: mostConnections, seconds: length });
  for (const one of running) await warmUp(settings, (length) => load(one, length));
  await inTurn(rounds, running, async (one, round) => {
    const pid = one.started?.pid ?? 0;
    const before = cpuSeconds(pid);
    const reading = setInterval(() => void scrape(one), scrapeMs);
    const result = await load(one, seconds);
    clearInterval(reading);
    const cpu = (1000 * (cpuSeconds(pid) - before)) / result.done;
    found.add(one.name, { rate: result.done / result.seconds, p99: result.p99, cpu });
    stage.tell(`telemetry, round ${round + 1}: ${one.name}`);
  });
  const table: Table = {
    name: "telemetry",
    title: "Pass-through at 32 connections, metrics read every second",
    subject: "Sidestep",
    columns,
    rows: found.rows(),
    note: "As shipped: metrics, and a log line for each call into a file; no spans.",
  };
  return withDerived(table, {
    column: { key: "share", name: "calls/s against as shipped", unit: "times" },
    of: "rate",
    against: shippedName,
    by: ratios,
  });
}
