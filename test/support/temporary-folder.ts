/** Gives a test run one temporary folder for everything that its tests and their processes write, and removes it at the end. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Where temporary files go, and what a restart of the program would use again.
const named = ["TMPDIR", "XDG_CACHE_HOME"];

/** Workers start after it and take the environment over; what it returns is run at the end. */
export function setup(): () => void {
  const before = new Map(named.map((name) => [name, process.env[name]]));
  const folder = mkdtempSync(join(tmpdir(), "sidestep-tests-"));
  for (const name of named) process.env[name] = folder;
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
}
