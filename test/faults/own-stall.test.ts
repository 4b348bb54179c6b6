/** The event loop stands still: what it held up goes through afterwards, and none of the waiting counts against others. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { changedOnTheWay, eventsOf, noticed, underLoad } from "../support/application.ts";
import { inspectable, runInside } from "../support/inspector.ts";
import { adminJson, eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

let cloud: SimulatedCloud;
let sidecar: Sidecar;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
  sidecar = await startSidecar({
    policy: `version: 1
model: null
providers:
  openai:
    url: ${cloud.url}/v1
    timeouts: { connect: 500ms, first_byte: 500ms, idle: 500ms }
    breaker: { min_requests: 1, error_threshold: 1% }
`,
    env: inspectable,
  });
});

afterAll(async () => {
  await sidecar?.stop();
  await cloud?.close();
});

/** Stands still again and again, with one turn of the loop in between. */
const standstills = `new Promise((resolve) => {
  let left = 5;
  const stall = () => {
    const endMs = performance.now() + 1600;
    while (performance.now() < endMs);
    left -= 1;
    if (left > 0) setImmediate(stall);
    else resolve();
  };
  stall();
})`;

describe("an event loop that stands still for longer than any time limit", () => {
  it("fails no call and blames no provider, and the log says how long it stood", async () => {
    const calls = await underLoad(sidecar, "hello", async () => {
      await runInside(sidecar, standstills);
      await eventually(() => (eventsOf(sidecar, "event_loop_stalled").length > 0 ? true : null));
    });
    expect(noticed(calls)).toEqual([]);
    expect(changedOnTheWay(calls, cloud)).toEqual([]);
    expect(await adminJson(sidecar, "/targets")).toMatchObject({
      targets: [{ name: "openai", state: "closed", failures: 0 }],
    });
    expect(eventsOf(sidecar, "breaker")).toEqual([]);
  });
});
