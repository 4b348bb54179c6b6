/** Programs that test suites of their own command need: whether they are there, running and building them; used by containers, jaeger and kubernetes. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/** Whether a shell finds it. */
export function isThere(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

/** Runs it on this terminal; throws when it cannot be run or fails. */
export function run(command: string, args: readonly string[], more: object = {}): void {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", ...more });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${String(status)}`);
}

/** Puts at `path` what `make` writes into a folder, named `made`; a half-built program never has the final name. */
export function place(path: string, make: (folder: string) => void, made: string): void {
  mkdirSync(dirname(path), { recursive: true });
  // On the same file system, so that the last step is a change of name.
  const folder = mkdtempSync(join(dirname(path), "build-"));
  try {
    make(folder);
    renameSync(join(folder, made), path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
