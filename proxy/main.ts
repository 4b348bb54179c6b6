#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=50
/** The process: picks the command, lets nothing stray end it, and turns the outcome into an exit code. */
import { buffer } from "node:stream/consumers";
import { audit } from "./cli/audit.ts";
import { check } from "./cli/check.ts";
import { exitCodes, HelpWanted, UsageError, type Command, type Terminal } from "./cli/command.ts";
import { explainCommand } from "./cli/explain.ts";
import { healthcheck } from "./cli/healthcheck.ts";
import { injectCommand, uninjectCommand } from "./cli/inject.ts";
import { injectorCommand } from "./cli/injector.ts";
import { key } from "./cli/key.ts";
import { modelsCommand } from "./cli/models.ts";
import { redirect } from "./cli/redirect.ts";
import { runCommand, StartFailed } from "./cli/run.ts";
import { statusCommand } from "./cli/status.ts";
import { trainCommand } from "./cli/train.ts";
import { version } from "./cli/version.ts";
import { wait } from "./cli/wait.ts";
import { nearestHint } from "./policy/nearest.ts";

/** Imported when wanted: help and check need neither sockets nor a model. */
const sidecar = () => import("./sidecar.ts");

/** Nothing of the injector is loaded where calls pass through. */
const patcher = async () => {
  const [{ readSettings }, manifest] = await Promise.all([
    import("./injector/settings.ts"),
    import("./injector/manifest.ts"),
  ]);
  return { readSettings, ...manifest };
};

const surveyor = async () => {
  const [{ surveyCluster }, { injectorSelector }] = await Promise.all([
    import("./injector/survey.ts"),
    import("./injector/running-injectors.ts"),
  ]);
  return { surveyCluster, injectorSelector };
};

const injector = async () => {
  const [{ readSettings }, { beginInjector }] = await Promise.all([
    import("./injector/settings.ts"),
    import("./webhook/start.ts"),
  ]);
  return { readSettings, beginInjector };
};

const commands: ReadonlyMap<string, Command> = new Map(
  [
    runCommand(async (options) => (await sidecar()).startSidecar(options)),
    check,
    audit,
    explainCommand(async (by, terminal) => (await sidecar()).createExplainer(by, terminal)),
    trainCommand(async ({ model, state }, terminal) => {
      const { openTrainer } = await import("./inference/holdout.ts");
      const { openStateFolder } = await import("./inference/state-folder.ts");
      const { folder, problem, isNamed } = await openStateFolder(state, terminal.env);
      if (isNamed && problem !== null) terminal.err(`nothing is kept: ${problem}`);
      return openTrainer(model, process.cwd(), folder);
    }),
    modelsCommand(() => import("./inference/model-listing.ts")),
    injectCommand(patcher),
    uninjectCommand(patcher),
    injectorCommand(injector),
    statusCommand(surveyor),
    key,
    redirect,
    healthcheck,
    wait,
    version,
  ].map((command) => [command.name, command]),
);

const terminal: Terminal = {
  env: process.env,
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  input: () => buffer(process.stdin),
};

function overview(): string {
  const rows = [...commands.values()].map(({ name, summary }) => `  ${name.padEnd(13)}${summary}`);
  return [
    "sidestep: a sidecar for LLM calls",
    "",
    "Usage: sidestep COMMAND [flags]",
    "",
    ...rows,
    "",
    "sidestep COMMAND --help tells more. Exit codes: 0 well, 1 failed, 2 invalid policy or flags.",
  ].join("\n");
}

async function main(args: readonly string[]): Promise<number> {
  const [word = "help", ...rest] = args;
  if (["help", "--help", "-h"].includes(word)) {
    terminal.out(overview());
    return exitCodes.ok;
  }
  const command = commands.get(word === "--version" ? "version" : word);
  if (command === undefined) {
    terminal.err(`sidestep knows no command "${word}"${nearestHint(word, commands.keys())}`);
    return exitCodes.invalid;
  }
  try {
    return await command.run(rest, terminal);
  } catch (fault) {
    if (!(fault instanceof HelpWanted)) return told(fault, word);
    terminal.out(command.help);
    return exitCodes.ok;
  }
}

/** Says what ended a command; the exit code. */
function told(fault: unknown, word: string): number {
  if (fault instanceof UsageError) {
    terminal.err(`${fault.message}\nsidestep ${word} --help lists the flags`);
    return exitCodes.invalid;
  }
  if (fault instanceof StartFailed) {
    for (const line of fault.lines) terminal.err(line);
    return fault.exitCode;
  }
  terminal.err(fault instanceof Error ? (fault.stack ?? fault.message) : String(fault));
  return exitCodes.failed;
}

/** A stray fault ends one call at most, never the process that other calls pass through. */
function report(fault: unknown): void {
  const message = fault instanceof Error ? `${fault.name}: ${fault.message}` : String(fault);
  terminal.err(JSON.stringify({ level: "error", event: "stray_fault", message }));
}

/**
 * The kernel keeps from the first process of a container every signal that it does not handle, so that
 * none would end it. A command with handlers of its own, as `run`, goes before.
 */
function endBySignals(): void {
  for (const [signal, number] of [
    ["SIGINT", 2],
    ["SIGTERM", 15],
  ] as const) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + number);
    });
  }
}

if (process.pid === 1) endBySignals();
// A reader that has seen enough, as `head` has, is no fault.
process.stdout.on("error", () => undefined);
process.on("uncaughtException", report);
process.on("unhandledRejection", report);
process.exit(await main(process.argv.slice(2)));
