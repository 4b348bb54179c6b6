/** `npm run demo`: the whole story on one machine, without key or network; checks itself. */

import { parseArgs } from "node:util";
import { adminAt } from "./admin.ts";
import { applicationFor } from "./application.ts";
import { playOutage } from "./outage.ts";
import { Performance } from "./performance.ts";
import { playReload } from "./reload.ts";
import { SCENES } from "./script.ts";
import { serve } from "./serve.ts";
import { createStage } from "./stage.ts";
import type { Stage, StageOptions } from "./stage.ts";
import { playSummary } from "./summary.ts";
import { terminalOn } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

const HELP = `Usage: npm run demo [-- --serve]

Starts a simulated cloud, the sidecar with a support policy, and an application with the official
openai and @anthropic-ai/sdk packages; shows what becomes of its calls, then an outage, then a
policy change. Needs neither key nor network.

  --serve           stay up and print how to call it with curl
  --listen ADDRESS  where the sidecar listens  [--serve: 127.0.0.1:4000, else a free port]
  --admin ADDRESS   its admin listener         [--serve: 127.0.0.1:4001, else a free port]
  --help

Exit codes: 0 everything as expected, 1 something was not, 2 wrong use.
`;

async function main(args: readonly string[]): Promise<number> {
  const flags = flagsOf(args);
  if (flags === null) return 2;
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const terminal = terminalOn(process.stdout, process.env);
  const stage = await createStage(flags);
  try {
    if (!flags.serve) return await play(terminal, stage);
    await serve(terminal, stage);
    return 0;
  } finally {
    await stage.close();
  }
}

async function play(terminal: Terminal, stage: Stage): Promise<number> {
  // Leaving by a signal runs the exit handlers, which end the processes that were started.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const admin = adminAt(stage.admin);
  const show = new Performance(terminal, applicationFor(stage.url), admin.costOf);
  show.say(`Sidestep listens on ${stage.url} in front of a simulated cloud on ${stage.cloudUrl}.`);
  show.say("O is the openai package, A the @anthropic-ai/sdk package, ~ a stream, t with tools.");
  show.say("Costs and savings are estimates in USD.");
  for (const { title, calls } of SCENES) {
    show.chapter(title);
    show.columns();
    for (const [call, expected] of calls) await show.play(call, expected);
  }
  await playOutage(show, stage, admin);
  await playReload(show, stage, admin);
  playSummary(show);
  return show.complaints.length === 0 ? 0 : 1;
}

interface Flags extends StageOptions {
  readonly help: boolean;
  readonly serve: boolean;
}

/** Null for wrong use. */
function flagsOf(args: readonly string[]): Flags | null {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        serve: { type: "boolean", default: false },
        listen: { type: "string" },
        admin: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    const { serve: stays, help } = values;
    return {
      serve: stays,
      help,
      listen: values.listen ?? `127.0.0.1:${stays ? 4000 : 0}`,
      admin: values.admin ?? `127.0.0.1:${stays ? 4001 : 0}`,
    };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return null;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
