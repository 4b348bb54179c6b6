/** Programs that test suites of their own command need: whether they are there, running and building them; used by containers, jaeger and kubernetes. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * A suite's own flags: `--if-possible` makes it skip its tests where something is missing, which is an error
 * otherwise; all others are the test runner's.
 */
export function suiteFlags(given: readonly string[]): SuiteFlags {
  const isOptional = given.includes("--if-possible");
  return { isOptional, flags: given.filter((flag) => flag !== "--if-possible") };
}

interface SuiteFlags {
  readonly isOptional: boolean;
  readonly flags: readonly string[];
}

/** Says what is missing, and fails unless the suite is optional. */
export function leaveOut(tests: string, missing: readonly string[], isOptional: boolean): void {
  console.log(`There is no ${missing.join(", no ")}: the ${tests} tests are skipped.`);
  if (!isOptional) process.exitCode = 1;
}

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

/**
 * Puts at `path` what `make` writes into a folder, named `made`, and says how long that took; a half-built
 * program never has the final name.
 */
export function place(path: string, make: (folder: string) => void, made: string): void {
  const startedMs = performance.now();
  console.log(`building ${path}: minutes, once`);
  mkdirSync(dirname(path), { recursive: true });
  // On the same file system, so that the last step is a change of name.
  const folder = mkdtempSync(join(dirname(path), "build-"));
  try {
    make(folder);
    renameSync(join(folder, made), path);
    console.log(`built ${path} in ${Math.round((performance.now() - startedMs) / 1000)} s`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
