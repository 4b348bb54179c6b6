/** Runs a container by runc, confined as a cluster confines a sidecar: no capability, read-only root, default seccomp profile. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { ran, type Ran } from "./command.ts";
import { specOf, type Wanted } from "./spec.ts";

/** What a control group says, in bytes. */
export interface Memory {
  readonly limit: number;
  readonly usage: number;
  /** The most that it has been. */
  readonly peak: number;
}

const events = v.object({
  data: v.object({
    memory: v.object({
      usage: v.object({ limit: v.number(), usage: v.number(), max: v.optional(v.number()) }),
    }),
  }),
});

/** A container that was started. */
export interface Container {
  readonly id: string;
  /** Standard output and standard error so far. */
  readonly out: () => string;
  readonly log: () => string;
  /** Resolves to the exit code, which is 128 and a signal's number where that ended it. */
  readonly ended: Promise<number>;
  isRunning(): boolean;
  kill(signal: NodeJS.Signals): void;
  /** Runs a command inside, as an engine runs a hook. */
  exec(...command: readonly string[]): Promise<Ran>;
  /** Its memory by its control group, in bytes. */
  memory(): Memory;
  /** Ends it by SIGKILL if it runs, and takes away what is left of it. */
  remove(): Promise<void>;
}

const state = join(tmpdir(), "runc");

/** Starts it; its output is kept. */
export function startContainer(wanted: Wanted): Container {
  const id = `sidestep-${randomUUID().slice(0, 13)}`;
  const bundle = mkdtempSync(join(tmpdir(), "sidestep-bundle-"));
  mkdirSync(state, { recursive: true });
  writeFileSync(join(bundle, "config.json"), JSON.stringify(specOf(wanted, id)));
  const child = spawn("runc", ["--root", state, "run", "--bundle", bundle, id], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out = textOf(child.stdout);
  const log = textOf(child.stderr);
  const ended = once(child, "exit").then(([code]) => (typeof code === "number" ? code : -1));
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    id,
    out,
    log,
    ended,
    isRunning,
    // It may have ended just now, at which runc fails.
    kill: (signal) => void spawnSync("runc", ["--root", state, "kill", id, signal]),
    exec: (...command) => ran("runc", ["--root", state, "exec", id, ...command]),
    memory: () => {
      const told = execFileSync("runc", ["--root", state, "events", "--stats", id]).toString();
      const { usage } = v.parse(events, JSON.parse(told)).data.memory;
      return { limit: usage.limit, usage: usage.usage, peak: usage.max ?? usage.usage };
    },
    remove: async () => {
      await ran("runc", ["--root", state, "delete", "--force", id]);
      await ended;
    },
  };
}

function textOf(stream: ChildProcess["stdout"]): () => string {
  const chunks: string[] = [];
  stream?.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
  return () => chunks.join("");
}
