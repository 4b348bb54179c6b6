/** How often a FAQ answers a question that differs in the one part that decides, and one that does not differ: `node bench/swaps/main.ts`. */
import { parseArgs } from "node:util";
import { generate } from "./generate.ts";
import { generateLarge } from "./large.ts";
import { judgeSwaps, type Counts } from "./judge.ts";

const help = `Puts questions to a generated FAQ: swaps, which none of its entries answers, and trivial rewrites

  --seed N            decides what is generated                      [1]
  --model NAME        a bundled model or its folder                  [support-v1]
  --max-wrong SHARE   what the FAQ accepts                           [0.005]
  --entries N         that many questions about real places, and 1,110 Japanese entries, in one FAQ
  --data FOLDER       where the questions about places are           [../shared/data]
  --missed            shows the questions that went wrong
  --help`;

const { values: flags } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    model: { type: "string", default: "support-v1" },
    "max-wrong": { type: "string", default: "0.005" },
    entries: { type: "string" },
    data: { type: "string", default: "../shared/data" },
    missed: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function show(title: string, counts: Counts): void {
  say(`${title.padEnd(16)}asked  own answer  another's`);
  for (const [name, { asked, own, other, missed }] of counts) {
    say(`${name.padEnd(16)}${asked}  ${own}  ${other}`);
    if (flags.missed) for (const text of missed) say(`    ${text}`);
  }
}

async function main(): Promise<void> {
  const seed = Number(flags.seed);
  const set =
    flags.entries === undefined
      ? generate(seed)
      : generateLarge(seed, flags.data, Number(flags.entries));
  const result = await judgeSwaps(set, flags.model, Number(flags["max-wrong"]));
  say(`${set.entries.length} entries, ${set.swaps.length} swaps, ${set.rewrites.length} rewrites`);
  show("swaps", result.swaps);
  show("rewrites", result.rewrites);
  const { indexMs, embedMs, matchMs } = result;
  say(`index ${indexMs.toFixed(0)} ms, of that embedding ${embedMs.toFixed(0)} ms`);
  say(`a look-up ${matchMs.mean.toFixed(2)} ms, 99th percentile ${matchMs.p99.toFixed(2)} ms`);
}

if (flags.help) say(help);
else await main();
