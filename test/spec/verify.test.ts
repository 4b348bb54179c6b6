/** `verify`, from the outside: a share of the answers is left to the cloud, compared, and a route that is wrong too often stops. */
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adminJson, eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";
import { createScriptedUpstream, type ScriptedUpstream } from "../support/scripted-upstream.ts";

let upstream: ScriptedUpstream;
let sidecar: Sidecar;

function policyFor(url: string): string {
  return `version: 1
model: support-v1
limits: { decision: 2s }
verify: 100%
providers:
  openai: { url: ${url}/v1 }
  anthropic: { url: ${url} }
routes:
  - name: ping
    when: { text: "^ping$", system: any }
    answer: { template: pong }
  - name: mood
    when: { system: { contains: sentiment } }
    answer: { label: sentiment, confidence: ">= 0.3" }
  - name: quiet
    when: { text: "^quiet$" }
    answer: { template: never compared }
    verify: { sample: 0.0001% }
`;
}

/** A chat completion that says `text`, in its JSON form. */
function says(text: string): void {
  const message = { role: "assistant", content: text, refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
  const completion = { id: "c", object: "chat.completion", created: 1, model: "m", choices };
  upstream.play({
    status: 200,
    headers: ["Content-Type", "application/json"],
    body: JSON.stringify(completion),
  });
}

beforeAll(async () => {
  upstream = await createScriptedUpstream();
  sidecar = await startSidecar({ policy: policyFor(upstream.url) });
});

afterAll(async () => {
  await sidecar?.stop();
  await upstream?.close();
});

async function ask(text: string, system: string | null = null): Promise<Response> {
  const before = system === null ? [] : [{ role: "system", content: system }];
  return fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer sk" },
    body: JSON.stringify({ model: "m", messages: [...before, { role: "user", content: text }] }),
  });
}

const classify = "Classify the sentiment as positive, negative or neutral. Answer with one word.";
const review = "I love this lamp, it is wonderful!";

const page = v.object({
  routes: v.array(
    v.object({
      route: v.string(),
      checked: v.record(v.string(), v.number()),
      estimated: v.record(v.string(), v.number()),
      suspendedAt: v.nullable(v.string()),
    }),
  ),
});

async function standing(route: string) {
  const { routes } = v.parse(page, await adminJson(sidecar, "/agreement"));
  return routes.find((one) => one.route === route);
}

async function post(path: string, body: object): Promise<Response> {
  return fetch(`${sidecar.admin}${path}`, { method: "POST", body: JSON.stringify(body) });
}

describe("verify", () => {
  it("gives the caller the cloud's own bytes and says why", async () => {
    says("positive");
    const reply = await ask(review, classify);
    expect(reply.headers.get("x-sidestep-decision")).toBe("forwarded");
    expect(reply.headers.get("x-sidestep-reason")).toBe("random_cloud");
    expect(await reply.json()).toMatchObject({ id: "c" });
  });

  it("counts labels by equality, whatever their case", async () => {
    const before = (await standing("mood"))?.checked["agree"] ?? 0;
    says("Positive.");
    await (await ask(review, classify)).text();
    await eventually(async () => (await standing("mood"))?.checked["agree"] === before + 1 || null);
  });

  it("marks what it makes of free texts as an estimate", async () => {
    says("Pong!");
    await (await ask("ping")).text();
    await eventually(async () => (await standing("ping"))?.estimated["agree"] === 1 || null);
    expect((await standing("ping"))?.checked).toEqual({ agree: 0, disagree: 0, unclear: 0 });
  });

  it("answers in the pod after all when the cloud does not", async () => {
    upstream.play({ status: 503, headers: ["Content-Type", "text/plain"], body: "down" });
    const reply = await ask("ping");
    expect(reply.status).toBe(200);
    expect(reply.headers.get("x-sidestep-decision")).toBe("local");
    expect(await reply.json()).toMatchObject({ choices: [{ message: { content: "pong" } }] });
  });

  it("leaves alone what is not drawn", async () => {
    const reply = await ask("quiet");
    expect(reply.headers.get("x-sidestep-decision")).toBe("local");
    await reply.text();
  });

  it("takes an application's verdict, and suspends and resumes a route by it", async () => {
    says("something else");
    for (let at = 0; at < 4; at += 1) {
      const reply = await ask("ping");
      await reply.text();
      const id = reply.headers.get("x-sidestep-request-id");
      await eventually(async () => (await post("/feedback", { id, verdict: "wrong" })).ok || null);
    }
    expect((await standing("ping"))?.suspendedAt).toMatch(/^\d{4}-/);
    expect(sidecar.log()).toContain("route_suspended");
    const held = await ask("ping");
    expect(held.headers.get("x-sidestep-reason")).toBe("agreement_low");
    await held.text();
    const metrics = await (await fetch(`${sidecar.admin}/metrics`)).text();
    expect(metrics).toContain('sidestep_route_suspended{route="ping"} 1');
    expect(metrics).toMatch(/sidestep_agreement_wrong_ratio\{route="ping",bound="high"\} \d/);
    expect((await post("/agreement", { resume: "ping" })).ok).toBe(true);
    const again = await ask("ping");
    expect(again.headers.get("x-sidestep-reason")).toBe("random_cloud");
    await again.text();
  });

  it("refuses verdicts that it cannot place", async () => {
    expect((await post("/feedback", { id: "nobody", verdict: "right" })).status).toBe(404);
    expect((await post("/feedback", { id: "nobody", verdict: "maybe" })).status).toBe(400);
    expect((await post("/agreement", { resume: "nobody" })).status).toBe(404);
    expect((await post("/agreement", {})).status).toBe(400);
  });
});
