/** When the cloud fails: the provider's own answer before, an error in the caller's form, and recovery. */
import OpenAI, { APIError, InternalServerError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import type { Fault } from "../../examples/simulated-cloud/fault.ts";
import { eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

let cloud: SimulatedCloud;
let sidecar: Sidecar;
let client: OpenAI;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
  sidecar = await startSidecar({ policy: policyFor(cloud.url) });
  client = new OpenAI({ baseURL: `${sidecar.url}/v1`, apiKey: "sk-test", maxRetries: 0 });
});

afterAll(async () => {
  await sidecar?.stop();
  await cloud?.close();
});

function policyFor(url: string): string {
  return `version: 1
providers:
  openai:
    url: ${url}/v1
    breaker: { error_threshold: 50%, window: 5s, min_requests: 3, cooldown: 300ms }
cache: { mode: off, scope: user, identity: body.user }
outage: { stale: 24h, answer: true }
routes:
  - name: sorry
    when: { outage: true, text: "opening hours" }
    answer: { template: "We cannot be reached just now. Please try again soon." }
  - name: rest
    forward: {}
`;
}

/** Nobody listens where this leads. */
function lostPolicy(retries: number): string {
  return `version: 1
model: null
providers: { openai: { url: "http://127.0.0.1:9/v1", retries: ${retries} } }
`;
}

function ask(text: string, user = "ann", signal: AbortSignal | null = null) {
  const messages = [{ role: "user", content: text } as const];
  return client.chat.completions
    .create({ model: "gpt-4o", user, messages }, { signal })
    .withResponse();
}

function play(...faults: Fault[]): void {
  cloud.state.faults.clear();
  cloud.state.faults.add(faults);
}

/** Reads a stream to its end. */
async function streamed(content: string): Promise<void> {
  const stream = await client.chat.completions.create({
    model: "gpt-4o",
    messages: [{ role: "user", content }],
    stream: true,
  });
  for await (const chunk of stream) expect(chunk).toBeTruthy();
}

async function failure(call: Promise<unknown>): Promise<APIError> {
  try {
    await call;
  } catch (fault) {
    if (fault instanceof APIError) return fault;
    throw fault;
  }
  throw new Error("the call did not fail");
}

describe("an outage", () => {
  it("is bridged by the provider's own earlier answer to the same user, and by nobody else's", async () => {
    const first = await ask("What is the capital of France?");
    play({ kind: "status", status: 503, times: 0, retryAfter: null, headers: [], body: null });
    const again = await ask("What is the capital of France?");
    expect(again.response.headers.get("x-sidestep-decision")).toBe("stale");
    expect(again.response.headers.get("age")).toMatch(/^\d+$/);
    expect(again.data.choices[0]?.message.content).toBe(first.data.choices[0]?.message.content);
    const other = await failure(ask("What is the capital of France?", "bob"));
    expect(other).toBeInstanceOf(InternalServerError);
  });

  it("lets routes for outages speak", async () => {
    const { data, response } = await ask("what are your opening hours?");
    expect(response.headers.get("x-sidestep-reason")).toBe("answered_outage");
    expect(data.choices[0]?.message.content).toMatch(/cannot be reached/);
  });

  it("relays the provider's own error when there is nothing to fall back on, also with an open breaker", async () => {
    for (let call = 0; call < 6; call += 1) {
      const fault = await failure(ask(`question ${call}`, "carl"));
      expect(fault.status).toBe(503);
    }
    const targets = await (await fetch(`${sidecar.admin}/targets`)).text();
    expect(targets).toContain("open");
  });

  it("is bridged also while one call tries whether it is over", async () => {
    const match = { text: "is it over?" };
    play({ kind: "stall", afterBytes: -1, durationMs: null, times: 0, match });
    await eventually(async () => {
      const targets = await (await fetch(`${sidecar.admin}/targets`)).text();
      return targets.includes("half_open") ? true : null;
    });
    const before = cloud.state.journal.count;
    const gone = new AbortController();
    const probe = failure(ask("is it over?", "carl", gone.signal));
    await eventually(() => (cloud.state.journal.count > before ? true : null));
    const { response } = await ask("What is the capital of France?");
    expect(response.headers.get("x-sidestep-decision")).toBe("stale");
    gone.abort();
    await probe;
  });

  it("ends: the breaker closes again and calls reach the cloud", async () => {
    play();
    await eventually(async () => {
      const { response } = await ask("What is the capital of France?");
      return response.headers.get("x-sidestep-decision") === "forwarded" ? true : null;
    });
    expect((await ask("and of Spain?")).response.headers.get("x-sidestep-decision")).toBe(
      "forwarded",
    );
  });
});

describe("a fault of the network", () => {
  it("before the first byte becomes the protocol's own error, and says whether to retry", async () => {
    play({ kind: "refuse", times: 0 });
    const fault = await failure(ask("anything at all", "dora"));
    expect(fault.status).toBe(502);
    expect(fault.code).toMatch(/^sidestep_upstream_/);
    expect(fault.headers?.get("x-should-retry")).toBeTruthy();
    play();
  });

  it("is not to be tried again by the client where Sidestep has done so already", async () => {
    const patient = await startSidecar({ policy: lostPolicy(2) });
    const hasty = await startSidecar({ policy: lostPolicy(0) });
    const told = async ({ url }: Sidecar): Promise<string | null> => {
      const reply = await fetch(`${url}/v1/models`);
      expect(reply.status).toBe(502);
      return reply.headers.get("x-should-retry");
    };
    expect([await told(patient), await told(hasty)]).toEqual(["false", "true"]);
    await Promise.all([patient.stop(), hasty.stop()]);
  });

  it("after the first byte is never smoothed over: the caller sees the connection break", async () => {
    play({ kind: "reset", afterBytes: 60, times: 0 });
    await expect(streamed("tell me a story")).rejects.toThrow(Error);
    await expect(ask("tell me a story").then(({ data }) => data)).rejects.toThrow(Error);
    play();
  });
});
