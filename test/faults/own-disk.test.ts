/** The disk is full, under the log and under the state folder: calls go through, and both go on once there is room. */
import { closeSync, openSync, readFileSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { ask, eventsOf, metric, noticed, type Called } from "../support/application.ts";
import { eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";
import { mountTinyDisk, type TinyDisk } from "../support/tiny-disk.ts";
import { writeArtefact } from "../proxy/inference/tiny-model.ts";

let cloud: SimulatedCloud;
const running: Sidecar[] = [];
const disks: TinyDisk[] = [];

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
});

afterEach(async () => {
  for (const sidecar of running.splice(0)) await sidecar.stop();
  for (const disk of disks.splice(0)) disk.close();
});

afterAll(() => cloud?.close());

function policyFor(model: string | null, answer = "Hello!"): string {
  return `version: 1
model: ${model ?? "null"}
providers: { openai: { url: ${cloud.url}/v1 } }
intents:
  order: [where is my order, the order, my good order]
  refund: [the refund, my money back, a refund]
routes:
  - name: hello
    when: { text: "^hello$" }
    answer: { template: ${answer} }
`;
}

async function logging(file: string): Promise<Sidecar> {
  const stderr = openSync(file, "a");
  const sidecar = await startSidecar({ policy: policyFor(null), stderr });
  closeSync(stderr);
  running.push(sidecar);
  return sidecar;
}

async function calls(sidecar: Sidecar): Promise<readonly Called[]> {
  const made = ["hello", "good day", "hello", "good night"].map((text) => ask(sidecar.url, text));
  return Promise.all(made);
}

const dropped = (sidecar: Sidecar): Promise<string | null> =>
  metric(sidecar, /^sidestep_log_lines_dropped_total ([1-9]\d*)/mu);

function tinyDisk(): TinyDisk | null {
  const disk = mountTinyDisk(256);
  if (disk !== null) disks.push(disk);
  return disk;
}

describe("a log that cannot be written", () => {
  it("loses its lines, which are counted, and no call", async () => {
    const sidecar = await logging("/dev/full");
    for (let round = 0; round < 10; round += 1) {
      const made = await calls(sidecar);
      expect(noticed(made)).toEqual([]);
      expect(made.map(({ decision }) => decision)).toEqual([
        "local",
        "forwarded",
        "local",
        "forwarded",
      ]);
    }
    expect(await dropped(sidecar)).not.toBeNull();
    const decisions = await (await fetch(`${sidecar.admin}/decisions`)).text();
    expect(decisions).toContain("answered_template");
  });

  it("goes on by itself once there is room, and says how much was lost", async ({ skip }) => {
    const disk = tinyDisk();
    if (disk === null) return skip("this user may not mount a file system");
    const file = join(disk.folder, "log");
    const sidecar = await logging(file);
    disk.fill();
    await eventually(async () => {
      expect(noticed(await calls(sidecar))).toEqual([]);
      return dropped(sidecar);
    });
    disk.free();
    const told = await eventually(async () => {
      expect(noticed(await calls(sidecar))).toEqual([]);
      return /"event":"log_lines_dropped","lines":([1-9]\d*)/u.exec(readFileSync(file, "utf8"));
    });
    const { id } = await ask(sidecar.url, "hello");
    await eventually(() => (readFileSync(file, "utf8").includes(id) ? true : null));
    expect(Number(told[1])).toBeGreaterThan(0);
  });
});

describe("a state folder without room", () => {
  it("keeps nothing and says so; answers are as ever, and the next reload keeps what was not", async ({
    skip,
  }) => {
    const disk = tinyDisk();
    if (disk === null) return skip("this user may not mount a file system");
    disk.fill();
    const model = writeArtefact();
    const sidecar = await startSidecar({
      policy: policyFor(model),
      flags: ["--state", disk.folder],
    });
    running.push(sidecar);
    expect(noticed(await calls(sidecar))).toEqual([]);
    expect(JSON.stringify(eventsOf(sidecar, "state_not_kept"))).toContain("ENOSPC");
    expect(await readdir(disk.folder)).toEqual(["filler"]);
    disk.free();
    await writeFile(
      sidecar.policyFile,
      policyFor(model, "Good day!").replace("a refund", "good refund"),
    );
    await eventually(async () => ((await readdir(disk.folder)).length > 0 ? true : null));
    expect(noticed(await calls(sidecar))).toEqual([]);
  });
});
