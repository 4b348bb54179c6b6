/** Memory near its limit: calls are only passed on until there is room again; and after a burst it is given back. */
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { runtimeEnvironment, runtimeFlags } from "../../scripts/build/runtime.ts";
import {
  ask,
  changedOnTheWay,
  eventsOf,
  metric,
  noticed,
  type Called,
} from "../support/application.ts";
import { compiledProgram } from "../support/compiled.ts";
import { inspectable, runInside } from "../support/inspector.ts";
import { canLimitMemory, memoryLimit, type MemoryLimit } from "../support/memory-limit.ts";
import { adminJson, eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

const MiB = 1024 ** 2;

let cloud: SimulatedCloud;
let sidecar: Sidecar | null = null;
let limit: MemoryLimit | null = null;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0, journalEntries: 10_000 });
});

afterEach(async () => {
  await sidecar?.stop();
  limit?.close();
  sidecar = null;
  limit = null;
});

afterAll(() => cloud?.close());

/** Runs what follows it with the flags that the program is shipped with. */
const asShipped = ["/bin/sh", "-c", `n=$1; shift; exec "$n" ${runtimeFlags.join(" ")} "$@"`, "sh"];

async function started(policy: string, env: Readonly<Record<string, string>>): Promise<Sidecar> {
  sidecar = await startSidecar({
    policy: `version: 1\nmodel: null\nproviders: { openai: { url: ${cloud.url}/v1 } }\n${policy}`,
    program: compiledProgram(),
    env: { ...runtimeEnvironment, ...env },
    under: [...(limit?.under ?? []), ...asShipped],
  });
  return sidecar;
}

function mebibytes({ process: { pid } }: Sidecar, field: "VmRSS" | "RssAnon"): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "mu").exec(text)?.[1]) / 1024;
}

/** Holds so much memory more, in the program itself. */
function holding(bytes: number): string {
  return `void (globalThis.held = Buffer.alloc(${Math.round(bytes)}, 1))`;
}

/** Collects everything; what survives is old from then on. */
const collecting = `process.getBuiltinModule("v8").setFlagsFromString("--expose-gc");
process.getBuiltinModule("vm").runInNewContext("gc")()`;

/** Lets go of it and collects it, as pass-through alone does sooner or later. */
const lettingGo = `globalThis.held = null;
${collecting}`;

const policy = `cache: { mode: exact, scope: global }
complexity: { keywords: { hello: hello } }
routes:
  - name: hello
    when: { keywords: hello }
    answer: { template: Hello! }
`;

const memoryLow = (of: Sidecar) => metric(of, /^sidestep_memory_low (\d)/mu);
const isStored = async (of: Sidecar) => metric(of, /^sidestep_store_entries ([1-9]\d*)/mu);

describe.skipIf(!canLimitMemory)("memory at nine tenths of its limit (pain 15)", () => {
  it("has calls passed on unread and the store let go, until there is room again", async () => {
    limit = memoryLimit(256 * MiB);
    const small = await started(policy, inspectable);
    const before = [await ask(small.url, "hello"), await ask(small.url, "what time is it")];
    expect(before.map(({ reason }) => reason)).toEqual(["answered_template", "no_route_matched"]);
    await eventually(() => isStored(small));

    await runInside(small, holding((256 * 0.93 - mebibytes(small, "RssAnon")) * MiB));
    await eventually(async () => ((await memoryLow(small)) === "1" ? true : null));
    const texts = ["hello", "what time is it", "x".repeat(100_000)];
    const during = await Promise.all(texts.map((text) => ask(small.url, text)));
    expect(noticed(during)).toEqual([]);
    expect(changedOnTheWay(during, cloud)).toEqual([]);
    expect(during.map(({ reason }) => reason)).toEqual(texts.map(() => "memory_low"));
    expect(await isStored(small)).toBeNull();
    expect(await adminJson(small, "/policy")).toMatchObject({ capacity: { isMemoryLow: true } });
    expect(eventsOf(small, "memory_low")).toMatchObject([
      { level: "warn", limitBytes: 256 * MiB, usedBytes: expect.any(Number) },
    ]);

    await runInside(small, lettingGo);
    await eventually(async () => ((await memoryLow(small)) === "0" ? true : null));
    expect(eventsOf(small, "memory_recovered")).toHaveLength(1);
    const after = [await ask(small.url, "hello"), await ask(small.url, "what time is it")];
    expect(after.map(({ reason }) => reason)).toEqual(["answered_template", "no_route_matched"]);
    await eventually(() => isStored(small));
    expect(await adminJson(small, "/policy")).toMatchObject({ capacity: { isMemoryLow: false } });
  });
});

/** From 30 to 100 KB. */
const long = (nth: number): number => 30_000 + (nth % 8) * 10_000;

/** Each caller asks so often, one call after the other, in texts of so many characters. */
async function load(
  of: Sidecar,
  callers: number,
  each: number,
  size: (nth: number) => number = long,
): Promise<readonly Called[]> {
  const caller = async (_: unknown, at: number): Promise<readonly Called[]> => {
    const calls: Called[] = [];
    for (let nth = 0; nth < each; nth += 1) {
      const words = "a long way ".repeat(size(at * each + nth) / 11);
      calls.push(await ask(of.url, `${words} ${at} ${nth}`));
    }
    return calls;
  };
  return (await Promise.all(Array.from({ length: callers }, caller))).flat();
}

describe("a hundred times the usual load (pain 15)", () => {
  it("leaves no more than a fifth more resident memory than there was before it", async () => {
    const burdened = await started("", {});
    expect(noticed(await load(burdened, 1, 200))).toEqual([]);
    const before = mebibytes(burdened, "VmRSS");
    expect(noticed(await load(burdened, 100, 12))).toEqual([]);
    const most = mebibytes(burdened, "VmRSS");
    const idle = await eventually(() => {
      const now = mebibytes(burdened, "VmRSS");
      return now <= before * 1.2 ? now : null;
    });
    const [usual, peak, rest] = [before, most, idle].map(Math.round);
    process.stdout.write(`RSS ${usual} MiB, after the burst ${peak}, idle ${rest}\n`);
  });
});

/** Begins to note the sizes of the heap's spaces before and after each collection. */
const watchingCollections = `globalThis.watch = new (process.getBuiltinModule("v8").GCProfiler)();
globalThis.watch.start()`;

/** Bytes that collections of young objects have moved to the old ones since. */
const madeOld = `(() => {
  const old = ({ heapSpaceStatistics: spaces }) =>
    spaces.find(({ spaceName }) => spaceName === "old_space").spaceUsedSize;
  return globalThis.watch.stop().statistics
    .filter(({ gcType }) => gcType === "Scavenge")
    .reduce((sum, { beforeGC, afterGC }) => sum + old(afterGC) - old(beforeGC), 0);
})()`;

describe("what a call leaves behind", () => {
  it("is its record and little more: the call itself dies young", async () => {
    const busy = await started("", inspectable);
    const short = (): number => 500;
    await load(busy, 32, 4, short);
    await runInside(busy, collecting);
    await runInside(busy, watchingCollections);
    const calls = await load(busy, 32, 50, short);
    expect(noticed(calls)).toEqual([]);
    const each = Number(await runInside(busy, madeOld)) / calls.length;
    process.stdout.write(`a call leaves ${(each / 1024).toFixed(1)} KiB to the old generation\n`);
    expect(each).toBeGreaterThan(0);
    expect(each).toBeLessThan(2 * 1024);
  });
});
