/** `npm run fuzz`: every fuzz for as long as one likes, by seed; a finding ends with its shrunk example. */
import { parseArgs } from "node:util";
import { runFuzz } from "./fuzz.ts";
import { fuzzes } from "./fuzzes.ts";

const help = `Usage: npm run fuzz -- [NAME...] [options]

Fuzzes ${fuzzes.map(({ name }) => name).join(", ")}, all or those named, one after the other.

  --minutes N   how long each runs  [10]
  --seed N      decides the inputs  [1]
  --help

Exit codes: 0 nothing was found, 1 something was, 2 wrong use.
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: "string", default: "10" },
      seed: { type: "string", default: "1" },
      help: { type: "boolean", default: false },
    },
  });
  const chosen = fuzzes.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  const milliseconds = Number(values.minutes) * 60_000;
  const seed = Number(values.seed);
  const isRight = milliseconds > 0 && Number.isInteger(seed) && chosen.length > 0;
  if (values.help || !isRight) {
    process.stdout.write(help);
    return values.help ? 0 : 2;
  }
  let found = 0;
  for (const fuzz of chosen) {
    const startMs = performance.now();
    const { runs, finding } = await runFuzz(fuzz, { seed, runs: 2 ** 31 - 1, milliseconds });
    const minutes = ((performance.now() - startMs) / 60_000).toFixed(1);
    const outcome = finding === null ? "nothing found" : `found:\n${finding}`;
    process.stdout.write(
      `${fuzz.name}: seed ${seed}, ${runs} runs in ${minutes} minutes, ${outcome}\n`,
    );
    if (finding !== null) found += 1;
  }
  return found === 0 ? 0 : 1;
}

process.exit(await main());
