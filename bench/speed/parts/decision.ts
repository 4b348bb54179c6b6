/** Part `decision`: what deciding costs by the length of the text, and whether classifying slows what is relayed beside it. */
import { direct, sidestep, sidestepName, type Endpoint, type Running } from "../contenders.ts";
import { middleIn, Rounds, type Column, type Drawn, type Table, type Target } from "../figures.ts";
import { besideStreams } from "../beside-streams.ts";
import { startFixedUpstream } from "../nginx.ts";
import { chart } from "../chart.ts";
import type { Part } from "../part.ts";
import { scrape } from "../scraped.ts";
import type { Stage } from "../stage.ts";
import { supportPolicy } from "../support-calls.ts";
import { chatReply, plainCall } from "../traffic.ts";
import { runWrk } from "../wrk.ts";

const lengths = [16, 64, 256, 1000, 100_000];
const quickLengths = [64, 4000];
/** Texts of one length, so that nothing is answered from what was computed for the last call. */
const textsEach = 20;

const columns: readonly Column[] = [
  { key: "decision", name: "decision, mean", unit: "ms" },
  { key: "p50", name: "call p50", unit: "ms" },
  { key: "p99", name: "call p99", unit: "ms" },
  { key: "added", name: "classified and forwarded, p50 above decision and direct way", unit: "ms" },
];

export const decisionPart: Part = {
  name: "decision",
  about: "what deciding costs by length of the text, and relaying while the model is busy",
  run: async (stage) => {
    const { processes, folder, cores } = stage;
    const place = { processes, folder, core: cores.load };
    const upstream = await startFixedUpstream(place, chatReply());
    const straight = await directByLength(stage, upstream.url);
    const tables: Table[] = [];
    for (const isPinned of [true, false]) {
      const own = sidestep({ policy: supportPolicy, isPinned });
      const running = await own.start(stage, upstream.url);
      tables.push(await byLength(stage, { running, straight }, isPinned));
    }
    await stage.rest();
    const picture = drawn(tables);
    tables.push(await besideStreams(stage));
    return { tables, pictures: [picture], targets: targetsOf(tables) };
  },
};

/** The mean decision over the text's length, a line for each number of threads. */
function drawn(tables: readonly Table[]): Drawn {
  const lines = tables.map((table) => ({
    name: table.name === "decision-one" ? "one thread" : "two threads",
    points: lengths.flatMap((x) => {
      const y = middleIn(tables, { table: table.name, row: rowOf(x), column: "decision" });
      return y === null ? [] : [{ x, y }];
    }),
  }));
  const words = { title: "What deciding takes", x: "characters", y: "ms" };
  return { name: "decision", picture: chart(words, lines) };
}

/** The direct way's p50 by length, in ms; hundredths of what deciding takes, so that one round tells enough. */
async function directByLength(stage: Stage, url: string): Promise<ReadonlyMap<number, number>> {
  const { endpoint } = await direct.start(stage, url);
  const found = new Map<number, number>();
  for (const length of stage.settings.isQuick ? quickLengths : lengths) {
    const { p50 } = await load(stage, endpoint, bodiesOf(length));
    found.set(length, p50);
  }
  return found;
}

interface Measured {
  readonly running: Running;
  readonly straight: ReadonlyMap<number, number>;
}

async function byLength(
  stage: Stage,
  { running, straight }: Measured,
  isPinned: boolean,
): Promise<Table> {
  const found = new Rounds();
  for (let round = 0; round < stage.settings.rounds; round += 1) {
    for (const [length, directP50] of straight) {
      found.add(rowOf(length), await atLength(stage, { running, length, directP50 }));
      stage.tell(`decision of ${length} characters, round ${round + 1}`);
    }
  }
  const name = isPinned ? "one" : "two";
  return {
    name: `decision-${name}`,
    title: `Decisions, 1 connection, ${name} thread${isPinned ? "" : "s"}`,
    subject: "text",
    columns,
    rows: found.rows(),
    note:
      "The decision is what Sidestep's own metric says, from a readable call to its judgement; every " +
      "call is read by the model and then forwarded or answered.",
  };
}

interface AtLength {
  readonly running: Running;
  readonly length: number;
  readonly directP50: number;
}

async function atLength(
  stage: Stage,
  { running, length, directP50 }: AtLength,
): Promise<Record<"decision" | "p50" | "p99" | "added", number>> {
  const before = await scrape(running);
  const { p50, p99 } = await load(stage, running.endpoint, bodiesOf(length));
  const after = await scrape(running);
  const spent = (name: string): number => after.sum(name) - before.sum(name);
  const count = spent("sidestep_decision_seconds_count");
  const decision = (1000 * spent("sidestep_decision_seconds_sum")) / count;
  return { decision, p50, p99, added: p50 - decision - directP50 };
}

const words =
  "the delivery of our order was late again and nobody could tell me which of the two parcels holds " +
  "the lamp that we had asked for in spring when the old one broke so please compare what is offered";

/** Calls of ordinary words, each text another rotation of them. */
function bodiesOf(length: number): readonly string[] {
  const list = words.split(" ");
  return Array.from({ length: textsEach }, (_, first) => {
    const turned = [...list.slice(first), ...list.slice(0, first)].join(" ");
    const text = `${turned} `.repeat(Math.ceil(length / turned.length)).slice(0, length);
    return plainCall(text);
  });
}

/** Half as long as elsewhere: there are many of them. */
function load(
  { folder, cores, settings }: Stage,
  target: Endpoint,
  bodies: readonly string[],
): ReturnType<typeof runWrk> {
  const seconds = Math.max(1, Math.floor(settings.seconds / 2));
  return runWrk({ target, bodies, connections: 1, seconds }, { folder, core: cores.load });
}

/** The name of a length's row. */
function rowOf(length: number): string {
  return `${length.toLocaleString("en-US")} characters`;
}

function targetsOf(tables: readonly Table[]): readonly Target[] {
  const decision = (length: number, bar: number): Target => ({
    text: `decision of ${rowOf(length)}, two threads, mean`,
    value: middleIn(tables, { table: "decision-two", row: rowOf(length), column: "decision" }),
    unit: "ms",
    bar,
    isMost: true,
  });
  return [
    decision(64, 1.5),
    decision(100_000, 7),
    {
      text: `classified and forwarded, p50 of ${rowOf(64)} above decision and direct way`,
      value: middleIn(tables, { table: "decision-two", row: rowOf(64), column: "added" }),
      unit: "ms",
      bar: 0.3,
      isMost: true,
    },
    {
      text: `event loop delay p99 while classifying (${sidestepName} on all cores)`,
      value: middleIn(tables, {
        table: "decision-beside",
        row: "all cores, classifying",
        column: "lag",
      }),
      unit: "ms",
      bar: 10,
      isMost: true,
    },
  ];
}
