/** Starts a program pinned to a core, waits until it serves, and stops it; the stage keeps all that were started. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, truncateSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { pinned, type Core } from "./pinning.ts";
import { isObject, type JsonObject } from "../../examples/simulated-cloud/json.ts";

/** What is started, and how it shows that it serves. */
export interface Launch {
  /** What to call it in errors and in the name of its file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The cores that it runs on. */
  readonly core: Core;
  readonly environment?: Readonly<Record<string, string>>;
  /** A port that accepts connections, or a line of JSON on standard output. */
  readonly ready: { readonly port: number } | "line";
}

export interface Started {
  readonly pid: number;
  /** The fields of its first line; empty when it is known by its port. */
  readonly ready: JsonObject;
  /** From the start until it served. */
  readonly startMs: number;
  /** Everything it has written to standard output after its first line; settles when it ends. */
  readonly output: Promise<string>;
  /** Empties the file of its standard error, which a log line for each call fills. */
  readonly forget: () => void;
  readonly stop: () => Promise<void>;
}

const startLimitMs = 120_000;
const stopLimitMs = 5000;
const pollMs = 25;
const shownCharacters = 2000;

/** Every process of one run of the bench. */
export class Processes {
  readonly #folder: string;
  readonly #running: Set<Started> = new Set();
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
    process.once("exit", () => {
      for (const { pid } of this.#running) kill(pid, "SIGKILL");
    });
  }

  /** Rejects with the end of what it wrote when it does not come to serve. */
  async start(launch: Launch): Promise<Started> {
    this.#count += 1;
    const file = join(this.#folder, `${launch.name.replaceAll(/\W+/g, "-")}-${this.#count}.log`);
    const startedMs = performance.now();
    const child = spawned(launch, file);
    const exited = exitOf(child);
    const lines = new Lines(child);
    try {
      const ready = await served(launch, lines, exited);
      const startMs = performance.now() - startedMs;
      const started: Started = {
        pid: child.pid ?? 0,
        ready,
        startMs,
        output: lines.rest,
        forget: () => truncateSync(file),
        stop: () => this.#stop(started, child, exited),
      };
      this.#running.add(started);
      void exited.then(() => this.#running.delete(started));
      return started;
    } catch (error) {
      child.kill("SIGKILL");
      const reason = error instanceof Error ? error.message : String(error);
      const wrote = readFileSync(file, "utf8").slice(-shownCharacters);
      throw new Error(`${launch.name} did not start: ${reason}\n${wrote}`, { cause: error });
    }
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running].map((started) => started.stop()));
  }

  async #stop(started: Started, child: ChildProcess, exited: Promise<unknown>): Promise<void> {
    this.#running.delete(started);
    child.kill("SIGTERM");
    const insist = setTimeout(() => child.kill("SIGKILL"), stopLimitMs);
    await exited;
    clearTimeout(insist);
  }
}

function spawned(launch: Launch, file: string): ChildProcess {
  const [command = "", ...args] = pinned(launch.core, [launch.command, ...launch.args]);
  const errors = openSync(file, "a");
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", errors],
    env: { ...process.env, ...launch.environment },
  });
  closeSync(errors);
  return child;
}

/** Standard output: its first line apart from what follows. */
class Lines {
  readonly first: Promise<string>;
  readonly rest: Promise<string>;

  constructor(child: ChildProcess) {
    const first = Promise.withResolvers<string>();
    const rest = Promise.withResolvers<string>();
    const lines: string[] = [];
    if (child.stdout !== null) {
      const reader = createInterface({ input: child.stdout });
      reader.once("line", first.resolve);
      reader.on("line", (line) => lines.push(line));
      reader.once("close", () => rest.resolve(lines.slice(1).join("\n")));
    }
    this.first = first.promise;
    this.rest = rest.promise;
  }
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(`it ended with ${signal ?? String(code)}`));
    child.once("error", (error) => resolve(error.message));
  });
}

async function served(launch: Launch, lines: Lines, exited: Promise<string>): Promise<JsonObject> {
  const late = new AbortController();
  const limit = sleep(startLimitMs, "it took too long", { signal: late.signal, ref: false });
  const failed = Promise.race([exited, limit]).then((reason) => {
    throw new Error(reason);
  });
  try {
    if (launch.ready === "line") return readyOf(await Promise.race([lines.first, failed]));
    await Promise.race([accepting(launch.ready.port, late.signal), failed]);
    return {};
  } finally {
    failed.catch(() => undefined);
    late.abort();
  }
}

function readyOf(line: string): JsonObject {
  const ready: unknown = JSON.parse(line);
  if (!isObject(ready)) throw new Error(`no ready line: ${line}`);
  return ready;
}

async function accepting(port: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (await accepts(port)) return;
    await sleep(pollMs);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has gone by itself.
  }
}
