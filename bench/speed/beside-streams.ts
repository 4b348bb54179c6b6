/** Streams that pass while nothing else is done, and while the model reads one call after the other; the part `decision` uses it. */
import { sidestep, withHeader, type Running } from "./contenders.ts";
import { Rounds, type Column, type Table } from "./figures.ts";
import { inTurn } from "./part.ts";
import { scrape } from "./scraped.ts";
import { startSse } from "./sse-upstream.ts";
import { startAll, type Stage } from "./stage.ts";
import { runStreams } from "./streams-load.ts";
import { answeredBy, answeredCalls, supportPolicy } from "./support-calls.ts";
import { chatCall } from "./traffic.ts";
import { runWrk } from "./wrk.ts";

const streams = 20;
const pace = { everyMs: 20, chunks: 50 };
/** Connections whose every call is classified. */
const classifying = 8;

/** Node measures the time between two ticks of a timer, so that a loop without any delay shows the timer's own time. */
const samplingMs = 10;

const columns: readonly Column[] = [
  { key: "delay50", name: "chunk delay p50", unit: "ms" },
  { key: "delay99", name: "chunk delay p99", unit: "ms" },
  { key: "lag", name: "event loop delay p99", unit: "ms" },
  { key: "rate", name: "classified/s", unit: "per second" },
  { key: "failed", name: "failed streams", unit: "count" },
];

export async function besideStreams(stage: Stage): Promise<Table> {
  const upstream = await startSse(stage);
  await upstream.setPace(pace);
  const found = new Rounds();
  const kinds = [
    sidestep({ policy: supportPolicy, isPinned: true, name: "one core" }),
    sidestep({ policy: supportPolicy, isPinned: false, name: "all cores" }),
  ];
  const running = await startAll(stage, kinds, upstream.url);
  for (const one of running) await answeredBy(one, answeredCalls.template);
  await inTurn(stage.settings.rounds, running, async (one, round) => {
    for (const isBusy of [false, true]) {
      const name = `${one.name}, ${isBusy ? "classifying" : "streams alone"}`;
      const warmSeconds = round === 0 ? stage.settings.warmSeconds : 1;
      found.add(name, await beside(stage, one, { isBusy, warmSeconds }));
      stage.tell(`decision beside streams, round ${round + 1}: ${name}`);
    }
  });
  return {
    name: "decision-beside",
    title: `${streams} streams with a chunk every ${pace.everyMs} ms each, while ${classifying} connections have every call classified`,
    subject: "Sidestep on",
    columns,
    rows: found.rows(),
  };
}

async function beside(
  stage: Stage,
  one: Running,
  { isBusy, warmSeconds }: { readonly isBusy: boolean; readonly warmSeconds: number },
): Promise<Record<"delay50" | "delay99" | "lag" | "rate" | "failed", number>> {
  const { processes, folder, cores, settings } = stage;
  const { seconds } = settings;
  const place = { processes, folder, core: cores.load };
  const target = withHeader(one.endpoint, "x-relay");
  const before = await scrape(one);
  const body = chatCall({ stream: true });
  const passing = runStreams({ target, body, streams, seconds, warmSeconds }, place);
  if (isBusy) {
    const size = { connections: classifying, seconds: seconds + warmSeconds };
    await runWrk({ target: one.endpoint, bodies: answeredCalls.template, ...size }, place);
  }
  const { delay50, delay99, failed } = await passing;
  const after = await scrape(one);
  const name = "sidestep_classifier_seconds_count";
  const classified = after.sum(name, { result: "ok" }) - before.sum(name, { result: "ok" });
  const lag = 1000 * after.sum("nodejs_eventloop_lag_p99_seconds") - samplingMs;
  return { delay50, delay99, lag, rate: classified / (seconds + warmSeconds), failed };
}
