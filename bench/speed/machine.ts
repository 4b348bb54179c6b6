/** On what a run was made: processor, memory, system, and the version of everything that took part. */
import { execFileSync } from "node:child_process";
import { availableParallelism, loadavg, release, totalmem, type } from "node:os";
import { createRequire } from "node:module";
import * as v from "valibot";
import { processorName } from "../eval/machine.ts";
import { litellmVersion, portkeyVersion } from "./peers.ts";

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly system: string;
  /** By name, as each program says it. */
  readonly versions: Readonly<Record<string, string>>;
  /** Processes that wanted to run in the minute before. */
  readonly load: string;
  /** Day, as in 2026-01-31. */
  readonly date: string;
}

/** Of this machine, now. */
export function machineNow(): Machine {
  return {
    processor: processorName(),
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()}`,
    versions: versions(),
    load: (loadavg()[0] ?? 0).toFixed(2),
    date: new Date().toISOString().slice(0, 10),
  };
}

function versions(): Readonly<Record<string, string>> {
  const found: readonly (readonly [string, string | null])[] = [
    ["Node", process.version],
    ["undici", packageVersion("undici")],
    ["ONNX Runtime", packageVersion("onnxruntime-node")],
    ["nginx", said("nginx", ["-v"])],
    ["wrk", said("wrk", ["-v"])],
    ["Portkey", portkeyVersion()],
    ["LiteLLM", litellmVersion()],
  ];
  return Object.fromEntries(
    found.flatMap(([name, version]) => (version === null ? [] : [[name, version]])),
  );
}

function packageVersion(name: string): string {
  const found: unknown = createRequire(import.meta.url)(`${name}/package.json`);
  return v.parse(v.object({ version: v.string() }), found).version;
}

/** The first version number that the program says, whatever it says besides and however it ends; null when it is not there. */
function said(program: string, args: readonly string[]): string | null {
  const script = '"$@" 2>&1 || true';
  const text = execFileSync("sh", ["-c", script, "sh", program, ...args], { encoding: "utf8" });
  return /\d+\.\d+(?:\.\d+)*/u.exec(text)?.[0] ?? null;
}
