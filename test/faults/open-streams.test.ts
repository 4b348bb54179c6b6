/** A stream that has begun holds nothing of its prompt: however many are open, the next call is read. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { startSidecar, type Sidecar } from "../support/sidecar.ts";

let cloud: SimulatedCloud;
let sidecar: Sidecar;

const promptBytes = 100_000;
const streams = 20;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
  sidecar = await startSidecar({
    // Room for five such prompts, and for as many calls.
    policy: `version: 1
model: null
limits: { bodies: ${5 * promptBytes}, calls: 5 }
providers: { openai: { url: ${cloud.url}/v1 } }
routes:
  - { name: all, forward: {} }
`,
  });
});

afterAll(async () => {
  await sidecar?.stop();
  await cloud?.close();
});

/** Resolves with the reply's head; its body does not end until the cloud lets it. */
async function opened(at: number): Promise<Response> {
  const text = `stream ${at} `.padEnd(promptBytes - 200, "word ");
  const reply = await fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "m", stream: true, messages: [{ role: "user", content: text }] }),
  });
  return reply;
}

describe("streams that have begun", () => {
  it("leave the room for reading along to the calls that come", async () => {
    const match = { text: "stream" };
    for (let at = 0; at < streams; at += 1)
      cloud.state.faults.add([{ kind: "stall", afterBytes: 100, durationMs: 4000, match }]);
    const open: Response[] = [];
    for (let at = 0; at < streams; at += 1) open.push(await opened(at));
    const reasons = open.map(({ headers }) => headers.get("x-sidestep-reason"));
    expect(new Set(reasons)).toEqual(new Set(["no_route_matched"]));
    for (const reply of open) expect(await reply.text()).toMatch(/data: \[DONE\]\n\n$/u);
  });
});
