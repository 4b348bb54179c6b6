/** `npm run soak`: the replay, much faster and for long, with faults, aborts and reloads; every byte is checked. */

import { UsageError } from "../usage.ts";
import { figuresOf, isClean, reportText } from "./report.ts";
import { soak } from "./run.ts";
import { HELP, readSettings } from "./settings.ts";
import { stops } from "./stops.ts";

async function main(args: readonly string[]): Promise<number> {
  const settings = readSettings(args);
  if (settings === null) {
    process.stdout.write(HELP);
    return 0;
  }
  const result = await soak(settings);
  const stopped = settings.stops === 0 ? null : await stops(settings.stops, settings.streams);
  const figures = figuresOf(result, settings, stopped);
  const json = `${JSON.stringify(figures, null, 2)}\n`;
  process.stdout.write(settings.json ? json : reportText(figures, settings));
  return isClean(figures) ? 0 : 1;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => process.exit(1));
}
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
