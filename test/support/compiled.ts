/** The program as it is shipped, built once for the tests whose figures depend on it: types cost memory to strip. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { tmpdir } from "node:os";

const root = resolve(import.meta.dirname, "../..");

/** The bundle's entry. */
export function compiledProgram(): string {
  const out = join(tmpdir(), `sidestep-shipped-${process.pid}`);
  if (!existsSync(out)) {
    execFileSync(process.execPath, [join(root, "scripts/build.ts"), "--out", out], { cwd: root });
  }
  return join(out, "sidestep.js");
}
