/** Starting our programs as processes: the ready line, failures that explain themselves, and stopping. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startProcess } from "../../examples/process/ready-process.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ready-process-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function program(source: string): Promise<readonly string[]> {
  const file = join(folder, `${Math.random()}.mjs`);
  await writeFile(file, source);
  return [file];
}

const READY = `console.log(JSON.stringify({ event: "ready", mark: process.env.MARK }));`;

it("gives the ready line's fields and the exit code after a polite stop", async () => {
  const args = await program(`${READY}
    console.error("warned");
    const alive = setInterval(() => undefined, 1000);
    process.on("SIGTERM", () => { clearInterval(alive); process.exitCode = 7; });`);
  const started = await startProcess({ name: "it", args, environment: { MARK: "x" } });
  expect(started.ready).toEqual({ event: "ready", mark: "x" });
  await expect.poll(started.errors).toContain("warned");
  expect(await started.stop()).toBe(7);
  expect(await started.exited).toBe(7);
});

it("insists when the process does not heed the first signal", async () => {
  const args = await program(`process.on("SIGTERM", () => undefined);
    setInterval(() => undefined, 1000); ${READY}`);
  const started = await startProcess({ name: "it", args });
  expect(await started.stop(50)).toBeNull();
});

it("explains a process that ends, says something else, or says nothing", async () => {
  const dies = await program(`console.error("no such luck"); process.exit(3);`);
  await expect(startProcess({ name: "the thing", args: dies })).rejects.toThrow(
    /the thing did not start: it ended with 3\n.*no such luck/su,
  );
  const other = await program(`console.log('{"event":"other"}'); setInterval(() => 1, 1000);`);
  await expect(startProcess({ name: "it", args: other })).rejects.toThrow("no ready line");
  const silent = await program(`setInterval(() => 1, 1000);`);
  await expect(startProcess({ name: "it", args: silent, timeoutMs: 300 })).rejects.toThrow(
    "did not start",
  );
});
