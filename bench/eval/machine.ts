/** On what a run was made: processor, Node, ONNX runtime, date. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus } from "node:os";
import * as v from "valibot";

/** What figures are stated with. */
export interface Circumstances {
  readonly processor: string;
  readonly node: string;
  readonly onnxruntime: string;
  /** Day, as in 2026-01-31. */
  readonly date: string;
}

/** The processor's name, with or without VNNI where that can be told. */
export function processorName(info: string | null = cpuInfo()): string {
  const name = cpus()[0]?.model.trim() ?? "";
  const named = name === "" || name === "unknown" ? arch() : name;
  if (info === null) return named;
  const flags = /^(?:flags|Features)\s*:.*$/mu.exec(info)?.[0] ?? "";
  return `${named}, ${/vnni/u.test(flags) ? "with" : "without"} VNNI`;
}

function cpuInfo(): string | null {
  return existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : null;
}

/** Of this process, now. */
export function circumstances(): Circumstances {
  const found: unknown = createRequire(import.meta.url)("onnxruntime-node/package.json");
  const { version } = v.parse(v.object({ version: v.string() }), found);
  return {
    processor: processorName(),
    node: process.version,
    onnxruntime: version,
    date: new Date().toISOString().slice(0, 10),
  };
}
