/** Child processes of the Kubernetes tests: run to their end, or kept until the test is over. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

/** What a command left behind. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command to its end; `input` goes to its standard input. */
export function ran(
  command: string,
  args: readonly string[],
  { env = {}, input = "" }: { env?: Readonly<Record<string, string>>; input?: string } = {},
): Promise<Ended> {
  return new Promise((done) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 ** 2 };
    const child = execFile(command, [...args], options, (fault, out, err) => {
      const code = typeof fault?.code === "number" ? fault.code : fault === null ? 0 : -1;
      done({ code, out, err: fault !== null && err === "" ? fault.message : err });
    });
    child.stdin?.end(input);
  });
}

/** A process with what it said. */
export interface Daemon {
  readonly child: ChildProcess;
  readonly log: () => string;
  /** Sends SIGTERM, and SIGKILL where that is not heeded. */
  stop(): Promise<void>;
}

/** Starts a process whose output is kept. */
export function daemon(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Daemon {
  const child = spawn(command, [...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
  return { child, log: () => chunks.join(""), stop: () => stopped(child) };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await exited;
  clearTimeout(timer);
}

/** Asks again and again until there is an answer; rejects with the last fault after a while. */
export async function until<T>(ask: () => Promise<T | null>, limitMs: number = 60_000): Promise<T> {
  const endMs = Date.now() + limitMs;
  let last: unknown = new Error("nothing came of it");
  while (Date.now() < endMs) {
    try {
      const found = await ask();
      if (found !== null) return found;
    } catch (fault) {
      last = fault;
    }
    await delay(100);
  }
  throw last;
}
