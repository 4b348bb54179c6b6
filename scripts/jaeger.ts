/** `npm run test:jaeger`: builds Jaeger where it is absent, which takes minutes, and tests traces against it. */
import { cpSync, existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { jaegerPath } from "../test/jaeger/jaeger.ts";
import { isThere, leaveOut, place, run, suiteFlags } from "./suite/programs.ts";

const root = resolve(import.meta.dirname, "..");

function make(folder: string): void {
  cpSync(join(root, "test/jaeger/go"), folder, { recursive: true });
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=mod -buildvcs=false" };
  const what = "github.com/jaegertracing/jaeger/cmd/all-in-one";
  const args = ["build", "-trimpath", "-ldflags", "-s -w", "-o", "jaeger", what];
  run("go", args, { cwd: folder, env });
}

const { flags, isOptional } = suiteFlags(process.argv.slice(2));
const isBuilt = existsSync(jaegerPath);

if (!isBuilt && !isThere("go")) {
  leaveOut("Jaeger", ["go"], isOptional);
} else {
  if (!isBuilt) place(jaegerPath, make, "jaeger");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const config = ["--config", "test/jaeger/vitest.config.ts", "--root", root];
  // Tests have a cache folder of their own, which Jaeger is not in.
  const env = { ...process.env, SIDESTEP_TOOLS: dirname(jaegerPath) };
  run(process.execPath, [vitest, "run", ...config, ...flags], { cwd: root, env });
}
