/** `npm run test:jaeger`: builds Jaeger where it is absent, which takes about ten minutes, and tests traces against it. */
import { cpSync, existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { jaegerPath, jaegerVersion } from "../test/jaeger/jaeger.ts";
import { isThere, place, run } from "./suite/programs.ts";

const root = resolve(import.meta.dirname, "..");

function make(folder: string): void {
  cpSync(join(root, "test/jaeger/go"), folder, { recursive: true });
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=mod -buildvcs=false" };
  const what = "github.com/jaegertracing/jaeger/cmd/all-in-one";
  const args = ["build", "-trimpath", "-ldflags", "-s -w", "-o", "jaeger", what];
  run("go", args, { cwd: folder, env });
}

const given = process.argv.slice(2);
const isOnlyIfBuilt = given.includes("--if-built");
const hasGo = isThere("go");

if (!existsSync(jaegerPath) && (isOnlyIfBuilt || !hasGo)) {
  const why = hasGo ? "it takes minutes to build" : "there is no Go to build it with";
  console.log(
    `Jaeger ${jaegerVersion} is not at ${jaegerPath}, and ${why}: its tests are skipped.`,
  );
  if (!isOnlyIfBuilt) process.exitCode = 1;
} else {
  if (!existsSync(jaegerPath)) place(jaegerPath, make, "jaeger");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const config = ["--config", "test/jaeger/vitest.config.ts", "--root", root];
  const rest = given.filter((flag) => flag !== "--if-built");
  // Tests have a cache folder of their own, which Jaeger is not in.
  const env = { ...process.env, SIDESTEP_TOOLS: dirname(jaegerPath) };
  run(process.execPath, [vitest, "run", ...config, ...rest], { cwd: root, env });
}
