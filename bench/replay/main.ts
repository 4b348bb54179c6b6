/** `npm run replay`: recorded support traffic through a real sidecar in front of the simulated cloud, with figures. */

import { reportJson, reportText } from "./report.ts";
import { replay } from "./run.ts";
import { HELP, readSettings } from "./settings.ts";
import { UsageError } from "../usage.ts";
import type { Tally } from "./tally.ts";

async function main(args: readonly string[]): Promise<number> {
  const settings = readSettings(args);
  if (settings === null) {
    process.stdout.write(HELP);
    return 0;
  }
  const { tally, facts } = await replay(settings, process.stderr);
  process.stdout.write(settings.json ? reportJson(tally, facts) : reportText(tally, facts));
  return exitCode(tally);
}

function exitCode(tally: Tally): number {
  if (tally.all.leaked > 0) return 3;
  return tally.all.failed + tally.mixedUp > 0 ? 1 : 0;
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
