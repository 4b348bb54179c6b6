/** `npm run test:image` and `test:pod`: builds the images, and runs the tests in a network of their own. */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { sharedStorage } from "../test/image/support/storage.ts";
import { isThere } from "./suite/programs.ts";

const root = resolve(import.meta.dirname, "..");

/** What the tests call, by the Debian package that has it. */
const needed: Readonly<Record<string, string>> = {
  buildah: "buildah",
  runc: "runc",
  "tini-static": "tini",
  ip: "iproute2",
};

function main(suite = "", ...more: readonly string[]): number {
  const missing = Object.entries(needed).filter(([program]) => !isThere(program));
  if (missing.length > 0) {
    const packages = missing.map(([, name]) => name).join(" ");
    console.error(`missing: ${packages} (apt-get install --no-install-recommends ${packages})`);
    return 1;
  }
  console.log("building the image");
  sharedStorage.makeBases();
  for (const target of ["slim", "full"] as const) sharedStorage.build(target);
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const config = ["--config", `test/${suite}/vitest.config.ts`, "--root", root];
  const tests = [process.execPath, vitest, "run", ...config, ...more];
  const inNetwork = ["--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", ...tests];
  return spawnSync("unshare", inNetwork, { cwd: root, stdio: "inherit" }).status ?? 1;
}

process.exitCode = main(...process.argv.slice(2));
