/** The simulated cloud as a process of its own: flags, start, the ready line, signals. */

import { HELP, readCommandLine } from "./arguments.ts";
import type { CommandLine } from "./arguments.ts";
import { createSimulatedCloud } from "./cloud.ts";

async function main(args: readonly string[]): Promise<number> {
  const commandLine = parsed(args);
  if (commandLine === undefined) return 2;
  if (commandLine.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const stopped = stopRequest(commandLine.untilStdinEnds);
  const cloud = await createSimulatedCloud(commandLine.options);
  process.stdout.write(`${JSON.stringify({ event: "ready", url: cloud.url })}\n`);
  await stopped;
  await cloud.close();
  return 0;
}

function parsed(args: readonly string[]): CommandLine | undefined {
  try {
    return readCommandLine(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}

function stopRequest(untilStdinEnds: boolean): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
    if (!untilStdinEnds) return;
    process.stdin.once("end", resolve);
    process.stdin.once("error", resolve);
    process.stdin.resume();
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
if (!process.stdin.isTTY) process.stdin.destroy();
