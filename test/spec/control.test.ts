/** What a caller or an operator may ask of the sidecar: observe, bypass, cache control, emergency stop, drain. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { adminJson, startSidecar, type Sidecar } from "../support/sidecar.ts";

let cloud: SimulatedCloud;
let sidecar: Sidecar;

function policyFor(url: string): string {
  return `version: 1
providers: { openai: { url: ${url}/v1 } }
cache: { mode: exact, scope: user, identity: body.user, ttl: 1h }
routes:
  - name: ping
    when: { text: "^ping$" }
    answer: { template: "pong" }
  - name: rest
    forward: {}
`;
}

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 200 });
  sidecar = await startSidecar({
    policy: policyFor(cloud.url),
    flags: ["--health", "127.0.0.1:0"],
  });
});

afterAll(async () => {
  await sidecar?.stop();
  await cloud?.close();
});

interface Asked {
  readonly text: string;
  readonly user?: string;
  readonly stream?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(asked: Asked): Promise<Response> {
  const { text, user, stream = false, headers = {} } = asked;
  return fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer sk", ...headers },
    body: JSON.stringify({
      model: "gpt-4o",
      user,
      stream,
      messages: [{ role: "user", content: text }],
    }),
  });
}

async function decisionOf(asked: Asked): Promise<string> {
  const reply = await ask(asked);
  await reply.text();
  return `${reply.headers.get("x-sidestep-decision")} ${reply.headers.get("x-sidestep-reason")}`;
}

describe("request controls", () => {
  it("x-sidestep-mode: observe decides and forwards", async () => {
    const reply = await ask({ text: "ping", headers: { "x-sidestep-mode": "observe" } });
    expect(reply.headers.get("x-sidestep-reason")).toBe("observe_mode");
    await reply.text();
    const id = reply.headers.get("x-sidestep-request-id");
    expect(await adminJson(sidecar, `/decisions?id=${id}`)).toMatchObject({
      decisions: [{ id, wouldDecision: "local", wouldRoute: "ping" }],
    });
  });

  it("x-sidestep-mode: bypass reads nothing", async () => {
    const asked = { text: "ping", headers: { "x-sidestep-mode": "bypass" } };
    expect(await decisionOf(asked)).toBe("forwarded bypass_requested");
  });

  it("never reach the provider", async () => {
    await decisionOf({
      text: "x",
      headers: { "x-sidestep-mode": "observe", "x-sidestep-anything": "1" },
    });
    const seen = cloud.state.journal.entries(1)[0]?.rawHeaders.join(" ").toLowerCase();
    expect(seen).toContain("authorization");
    expect(seen).not.toContain("x-sidestep");
  });
});

describe("the exact cache", () => {
  it("replays the provider's own bytes to the same user, and to nobody else", async () => {
    const first = await (await ask({ text: "tell me a joke", user: "ann" })).text();
    const again = await ask({ text: "tell me a joke", user: "ann" });
    expect(again.headers.get("x-sidestep-decision")).toBe("cache");
    expect(again.headers.get("cache-status")).toMatch(/^sidestep; ?hit/);
    expect(again.headers.get("age")).toMatch(/^\d+$/);
    expect(await again.text()).toBe(first);
    expect(await decisionOf({ text: "tell me a joke", user: "bob" })).toMatch(/^forwarded/);
    expect(await decisionOf({ text: "tell me a joke" })).toMatch(/^forwarded/);
    expect(await decisionOf({ text: "tell me a joke" })).toMatch(/^forwarded/);
  });

  it("replays as a stream to a caller that streams, as the client reads it", async () => {
    const client = new OpenAI({ baseURL: `${sidecar.url}/v1`, apiKey: "sk", maxRetries: 0 });
    const call = {
      model: "gpt-4o",
      user: "ann",
      messages: [{ role: "user", content: "a long tale" } as const],
    };
    const live = await client.chat.completions.create(call);
    const stream = client.chat.completions.stream(call);
    expect(await stream.finalContent()).toBe(live.choices[0]?.message.content);
    expect(cloud.state.journal.entries(1)[0]?.status).toBe(200);
    expect(await decisionOf({ text: "a long tale", user: "ann", stream: true })).toMatch(
      /^(cache|forwarded)/,
    );
  });

  it("obeys no-store and refresh", async () => {
    const asked = { text: "what is the news", user: "ann" };
    const noStore = { ...asked, headers: { "cache-control": "no-store" } };
    expect(await decisionOf(noStore)).toMatch(/^forwarded/);
    expect(await decisionOf(asked)).toMatch(/^forwarded/);
    expect(await decisionOf(asked)).toMatch(/^cache/);
    expect(await decisionOf({ ...asked, headers: { "x-sidestep-cache": "refresh" } })).toMatch(
      /^forwarded/,
    );
    expect(await decisionOf(asked)).toMatch(/^cache/);
  });
});

describe("an operator", () => {
  it("stops all local answers at once, and starts them again", async () => {
    const post = (mode: string) =>
      fetch(`${sidecar.admin}/mode`, { method: "POST", body: JSON.stringify({ mode }) });
    expect((await post("observe")).status).toBe(200);
    expect(await decisionOf({ text: "ping" })).toBe("forwarded emergency_stop");
    expect((await post("enforce")).status).toBe(200);
    expect(await decisionOf({ text: "ping" })).toBe("local answered_template");
  });

  it("need not know the exact form of the emergency stop", async () => {
    const post = async (query: string, body: string) =>
      (await fetch(`${sidecar.admin}/mode${query}`, { method: "POST", body })).status;
    for (const [query, body] of [
      ["?mode=observe", ""],
      ["", "observe"],
      ["", "mode=observe"],
    ] as const) {
      expect(await post(query, body)).toBe(200);
      expect(await decisionOf({ text: "ping" })).toBe("forwarded emergency_stop");
      expect(await post("?mode=enforce", "")).toBe(200);
    }
    expect(await post("?mode=off", "")).toBe(400);
  });

  it("finds health and metrics on the health listener, and nothing else", async () => {
    expect((await fetch(`${sidecar.health}/livez`)).status).toBe(200);
    expect((await fetch(`${sidecar.health}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${sidecar.health}/metrics`)).text()).toContain(
      "sidestep_requests_total",
    );
    expect((await fetch(`${sidecar.health}/policy`)).status).toBe(404);
  });

  it("asks why without sending anything", async () => {
    const reply = await fetch(`${sidecar.admin}/explain`, {
      method: "POST",
      body: JSON.stringify({ text: "ping" }),
    });
    const explained = { decision: "local", route: "ping", answer: "pong" };
    expect(await reply.json()).toMatchObject(explained);
    expect(await adminJson(sidecar, "/explain?text=ping")).toMatchObject(explained);
  });
});

describe("stopping", () => {
  it("lets an open stream run to its end after SIGTERM and then exits 0", async () => {
    const own = await startSidecar({ policy: policyFor(cloud.url), flags: ["--grace", "20s"] });
    const direct = await streamed(`${cloud.url}/v1`);
    const reply = await open(`${own.url}/v1`);
    const reader = reply.body?.getReader();
    const first = await reader?.read();
    const exited = once(own.process, "exit");
    own.process.kill("SIGTERM");
    const chunks = [Buffer.from(first?.value ?? [])];
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
      chunks.push(Buffer.from(next.value));
    }
    expect(Buffer.concat(chunks).toString()).toContain("[DONE]");
    expect(Buffer.concat(chunks).length).toBeGreaterThan(direct.length / 2);
    expect(await exited).toEqual([0, null]);
  });
});

function open(base: string): Promise<Response> {
  return fetch(`${base}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "gpt-4o",
      stream: true,
      messages: [{ role: "user", content: "a very long story please" }],
    }),
  });
}

async function streamed(base: string): Promise<string> {
  const reply = await open(base);
  const text = await reply.text();
  expect(createHash("sha256").update(text).digest("hex")).toHaveLength(64);
  return text;
}
