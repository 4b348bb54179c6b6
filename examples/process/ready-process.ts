/** Starts one of our programs as a process of its own and waits for its ready line; used by the demo and the replay. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { isObject } from "../simulated-cloud/json.ts";
import type { JsonObject } from "../simulated-cloud/json.ts";

export interface ReadyProcess {
  /** The fields of the ready line. */
  readonly ready: JsonObject;
  readonly pid: number;
  /** The end of what it wrote to standard error. */
  readonly errors: () => string;
  /** Settles with the exit code when the process has ended; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Asks it to stop, insists after the grace time, and waits for the end. */
  readonly stop: (graceMs?: number) => Promise<number | null>;
}

export interface ProcessOptions {
  /** What to call it in errors. */
  readonly name: string;
  /** The program and its arguments, run by this very Node. */
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Longest wait for the ready line, in milliseconds. */
  readonly timeoutMs?: number;
  /** Hears every line of standard error. */
  readonly onErrorLine?: (line: string) => void;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_GRACE_MS = 5000;
const ERROR_CHARACTERS = 8000;

/** Rejects with what the process wrote when it ends or says nothing in time. */
export async function startProcess(options: ProcessOptions): Promise<ReadyProcess> {
  const child = spawn(process.execPath, [...options.args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...options.environment },
  });
  const errors = collectErrors(child);
  if (options.onErrorLine !== undefined && child.stderr !== null) {
    createInterface({ input: child.stderr }).on("line", options.onErrorLine);
  }
  const exited = exitOf(child);
  const leave = (): void => void child.kill("SIGKILL");
  process.once("exit", leave);
  void exited.then(() => process.off("exit", leave));
  try {
    const ready = await readyLine(child, exited, options);
    const pid = child.pid ?? 0;
    return { ready, pid, errors, exited, stop: (graceMs) => stop(child, exited, graceMs) };
  } catch (error) {
    await stop(child, exited, 0);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${options.name} did not start: ${reason}\n${errors()}`, { cause: error });
  }
}

async function readyLine(
  child: ChildProcess,
  exited: Promise<number | null>,
  options: ProcessOptions,
): Promise<JsonObject> {
  if (child.stdout === null) throw new Error("it has no standard output");
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const lines = createInterface({ input: child.stdout });
  const line = once(lines, "line", { signal: AbortSignal.timeout(timeoutMs) });
  const ended = exited.then((code) => {
    throw new Error(`it ended with ${code ?? "a signal"}`);
  });
  const first = await Promise.race([line, ended]);
  child.stdout.resume();
  const ready: unknown = JSON.parse(String(first[0]));
  if (!isObject(ready) || ready["event"] !== "ready") throw new Error("no ready line");
  return ready;
}

/** Drains standard error for as long as the process lives, so that it never blocks; keeps the end. */
function collectErrors(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (part: string) => {
    text = (text + part).slice(-ERROR_CHARACTERS);
  });
  return () => text;
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("exit", (code) => resolve(code));
    child.once("error", () => resolve(null));
  });
}

async function stop(
  child: ChildProcess,
  exited: Promise<number | null>,
  graceMs: number = DEFAULT_GRACE_MS,
): Promise<number | null> {
  child.kill(graceMs > 0 ? "SIGTERM" : "SIGKILL");
  const insist = setTimeout(() => child.kill("SIGKILL"), graceMs);
  const code = await exited;
  clearTimeout(insist);
  return code;
}
