/** Starts the real program as a process of its own, with a policy written for the test. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as v from "valibot";
import { main } from "./command.ts";

const readyLine = v.object({
  event: v.literal("ready"),
  listen: v.string(),
  admin: v.string(),
  health: v.nullable(v.string()),
});

/** A running sidecar. */
export interface Sidecar {
  /** Base of the data listener, without a path. */
  readonly url: string;
  readonly admin: string;
  readonly health: string | null;
  /** The policy folder; write into it to reload. */
  readonly folder: string;
  readonly policyFile: string;
  readonly process: ChildProcess;
  /** What it has logged so far. */
  readonly log: () => string;
  /** What it has written to standard output so far, the ready line first. */
  readonly out: () => string;
  /** Sends SIGTERM and resolves to the exit code. */
  readonly stop: () => Promise<number | null>;
}

/** How to start it. */
export interface SidecarOptions {
  readonly policy: string;
  /** A file or folder of policies that is there already, in place of `policy`. */
  readonly place?: string;
  /** More files beside policy.yaml: name -> text. */
  readonly files?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A file descriptor for its standard error, which `log` then does not see. */
  readonly stderr?: number;
  /** A command that starts it, e.g. one that sets limits; its own arguments come first. */
  readonly under?: readonly string[];
  /** Another program than the one that the specification runs. */
  readonly program?: string;
}

/** Resolves when the ready line came; rejects with the log when the process ends first. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const folder = await mkdtemp(join(tmpdir(), "sidestep-"));
  const policyFile = join(folder, "policy.yaml");
  await writeFile(policyFile, options.policy);
  for (const [name, text] of Object.entries(options.files ?? {})) {
    await writeFile(join(folder, name), text);
  }
  const child = spawned(options, options.place ?? policyFile);
  const chunks: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
  const log = (): string => chunks.join("");
  const written: string[] = [];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => written.push(text));
  const ready = await firstLine(child, log);
  return {
    url: ready.listen,
    admin: ready.admin,
    health: ready.health,
    folder,
    policyFile,
    process: child,
    log,
    out: () => written.join(""),
    stop: () => stopped(child, folder),
  };
}

function spawned(options: SidecarOptions, place: string): ChildProcess {
  const { program = main, under = [], flags = [] } = options;
  const listeners = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const run = [program, "run", "--policy", place, ...listeners, ...flags];
  const [command = "", ...args] = [...under, process.execPath, ...run];
  return spawn(command, args, {
    env: { PATH: process.env["PATH"], ...options.env },
    stdio: ["ignore", "pipe", options.stderr ?? "pipe"],
  });
}

async function firstLine(
  child: ChildProcess,
  log: () => string,
): Promise<v.InferOutput<typeof readyLine>> {
  if (child.stdout === null) throw new Error("no standard output");
  const lines = createInterface({ input: child.stdout });
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`sidestep ended with ${String(code)}:\n${log()}`);
  });
  const [line] = await Promise.race([once(lines, "line"), exited]);
  return v.parse(readyLine, JSON.parse(String(line)));
}

async function stopped(child: ChildProcess, folder: string): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    // A second signal ends at once (another one, since equal ones may merge); draining has tests of its own.
    child.kill("SIGINT");
    await exited;
  }
  await rm(folder, { recursive: true, force: true });
  return child.exitCode;
}

/** One GET of the admin listener, parsed. */
export async function adminJson(sidecar: Sidecar, path: string): Promise<unknown> {
  const reply = await fetch(`${sidecar.admin}${path}`);
  return reply.json();
}

/** Calls `probe` until it gives a value, for conditions that the outside brings about. */
export async function eventually<T>(probe: () => Promise<T | null> | T | null): Promise<T> {
  const deadlineMs = performance.now() + 45_000;
  for (;;) {
    const value = await probe();
    if (value !== null) return value;
    if (performance.now() > deadlineMs) throw new Error("the condition never came true");
    await new Promise((done) => setTimeout(done, 20));
  }
}
