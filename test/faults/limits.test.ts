/** A small pod survives what its application does with the limits that hold unless a policy says otherwise. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { ask, changedOnTheWay, noticed, type Called } from "../support/application.ts";
import { memoryLimit, type MemoryLimit } from "../support/memory-limit.ts";
import { compiledProgram } from "../support/compiled.ts";
import { adminJson, eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

const MiB = 1024 ** 2;

let cloud: SimulatedCloud;
let sidecar: Sidecar | null = null;
let limit: MemoryLimit | null = null;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0, journalEntries: 100_000 });
});

afterEach(async () => {
  cloud.state.faults.clear();
  await sidecar?.stop();
  limit?.close();
  sidecar = null;
  limit = null;
});

afterAll(() => cloud?.close());

/** The program in a pod of so much memory, where such a pod can be had; else without its limit. */
async function pod(memoryBytes: number, policy: string): Promise<Sidecar> {
  limit = memoryLimit(memoryBytes);
  const providers = `providers: { openai: { url: ${cloud.url}/v1 } }\n`;
  sidecar = await startSidecar({
    policy: `version: 1\n${providers}${policy}`,
    program: compiledProgram(),
    under: limit?.under ?? [],
    flags: ["--state", "off"],
  });
  return sidecar;
}

/** What the kernel says of the program's memory, in MiB. */
function memoryMiB({ process: { pid } }: Sidecar, field: "VmHWM" | "RssAnon"): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "mu").exec(text)?.[1]) / 1024);
}

function report(what: string, of: Sidecar): void {
  const where = limit === null ? "no limit to be had here" : "under its limit";
  const [peak, own] = [memoryMiB(of, "VmHWM"), memoryMiB(of, "RssAnon")];
  process.stdout.write(`${what}: RSS at most ${peak} MiB, of its own ${own} MiB now, ${where}\n`);
}

/** Calls with so many bytes of text, all at once. */
function burst(of: Sidecar, count: number, bytes: number): Promise<readonly Called[]> {
  const text = "what a long way it is ".repeat(Math.ceil(bytes / 22));
  return Promise.all(Array.from({ length: count }, (_, at) => ask(of.url, `${text} ${at}`)));
}

async function connections(of: Sidecar, count: number): Promise<readonly Socket[]> {
  const port = Number(new URL(of.url).port);
  const sockets = Array.from({ length: count }, () => connect(port, "127.0.0.1"));
  for (const socket of sockets) socket.on("error", () => undefined);
  await Promise.all(sockets.map((socket) => once(socket, "connect").catch(() => null)));
  return sockets;
}

describe("a pod of 128 MiB without a model", () => {
  it("survives streams, bursts of the largest bodies that are read, and more connections than it takes (pain 15)", async () => {
    const small = await pod(128 * MiB, "model: null\ncache: { mode: exact, scope: global }\n");
    cloud.state.faults.add([{ kind: "stall", afterBytes: 200, durationMs: 2000, times: 60 }]);
    const streams = burst(small, 60, 4000);
    const largest = await burst(small, 20, MiB - 1000);
    const long = await burst(small, 5, 2 * MiB);
    const all = [...(await streams), ...largest, ...long];
    expect(noticed(all)).toEqual([]);
    expect(changedOnTheWay(all, cloud)).toEqual([]);
    const flood = await connections(small, 1100);
    for (const socket of flood) socket.destroy();
    // Connections on which nothing went on had to make room: a client may have been about to use one.
    const served = async () => (noticed(await burst(small, 1, 100)).length === 0 ? true : null);
    await eventually(served);
    expect(noticed(await burst(small, 5, 100))).toEqual([]);
    report("model off", small);
    if (limit === null) return expect(memoryMiB(small, "VmHWM")).toBeLessThan(400);
    const reasons = new Set(all.map(({ reason }) => reason));
    expect(reasons).toEqual(new Set(["no_route_matched", "reading_full", "body_too_large"]));
    expect(await adminJson(small, "/policy")).toMatchObject({
      capacity: { connections: 1024, bodyBytes: 4 * MiB },
    });
  });
});

describe("a pod of 320 MiB with the model", () => {
  it("survives the same, deciding meanwhile and fitting intents anew", async () => {
    const policy = (word: string): string => `limits: { decision: 10s }
intents:
  parcel: [where is my parcel, has my ${word} parcel arrived, track my parcel]
  refund: [how do refunds work, can I get my ${word} money back, give me a refund]
routes:
  - name: greeting
    when: { task: greeting, confidence: ">= 0.9" }
    answer: { template: Hello! }
`;
    const small = await pod(320 * MiB, policy("big"));
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(small.url, "hello")));
    expect(new Set(answers.map(({ decision }) => decision))).toEqual(new Set(["local"]));
    const all = [...(await burst(small, 20, MiB - 1000)), ...(await burst(small, 20, 4000))];
    expect(noticed(all)).toEqual([]);
    expect(changedOnTheWay(all, cloud)).toEqual([]);
    report("with the model", small);
    if (limit === null) expect(memoryMiB(small, "VmHWM")).toBeLessThan(600);
  });
});
