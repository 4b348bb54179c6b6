/** A provider's 429 concerns one credential and one model: not the breaker, not other callers. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createScriptedUpstream, type ScriptedUpstream } from "../support/scripted-upstream.ts";
import { startSidecar, type Sidecar } from "../support/sidecar.ts";

let upstream: ScriptedUpstream;
let sidecar: Sidecar;

beforeAll(async () => {
  upstream = await createScriptedUpstream();
  sidecar = await startSidecar({
    policy: `version: 1
model: null
providers: { openai: { url: ${upstream.url}/v1, breaker: { min_requests: 2 } } }
cache: { mode: exact, scope: global, ttl: 1ms }
outage: { stale: 1h, answer: true }
routes:
  - { name: down, when: { outage: true, text: "." }, answer: { template: "We are down." } }
  - { name: rest, forward: {} }
`,
  });
});

afterAll(async () => {
  await sidecar?.stop();
  await upstream?.close();
});

beforeEach(() => upstream.play(completion));

const completion = {
  headers: ["content-type", "application/json"],
  body: JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "gpt-4o",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Paris", refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  }),
};

const limited = {
  status: 429,
  headers: ["content-type", "application/json", "Retry-After", "60"],
  body: '{"error":{"message":"slow down"}}',
};

interface Served {
  readonly is: string;
  /** Whether the provider was asked. */
  readonly isAsked: boolean;
  readonly text: string;
}

async function ask(text: string, key = "sk-1", model = "gpt-4o"): Promise<Served> {
  const before = upstream.exchanges.length;
  const reply = await fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, messages: [{ role: "user", content: text }] }),
  });
  const told = ["decision", "reason"].map((name) => reply.headers.get(`x-sidestep-${name}`));
  return {
    is: `${reply.status} ${told.join(" ")}`,
    isAsked: upstream.exchanges.length > before,
    text: await reply.text(),
  };
}

describe("a 429 with Retry-After", () => {
  it("is relayed as it came where nothing is stored, and is no outage", async () => {
    upstream.play(limited);
    for (const text of ["one", "two", "three"]) {
      const served = await ask(text, "sk-relay");
      expect(served.text).toBe(limited.body);
      expect(served.is).toMatch(/^429 forwarded /);
      expect(served.isAsked).toBe(true);
    }
    upstream.play(completion);
    expect((await ask("four", "sk-relay")).is).toMatch(/^200 forwarded /);
  });

  it("gives way to a stored reply, and spares the provider until the wait is over", async () => {
    await ask("capital of France", "sk-2");
    upstream.play(limited);
    const first = await ask("capital of France", "sk-2");
    expect(first).toMatchObject({ is: "200 stale stale_answer", isAsked: true });
    expect(first.text).toBe(completion.body);
    const next = await ask("capital of France", "sk-2");
    expect(next).toMatchObject({ is: "200 stale stale_answer", isAsked: false });
  });

  it("leaves other credentials and models alone", async () => {
    await ask("capital of Spain", "sk-3");
    await ask("capital of Spain", "sk-4");
    await ask("capital of Spain", "sk-3", "gpt-4o-mini");
    upstream.play(limited);
    await ask("capital of Spain", "sk-3");
    upstream.play(completion);
    expect((await ask("capital of Spain", "sk-4")).is).toMatch(/^200 forwarded /);
    expect((await ask("capital of Spain", "sk-3", "gpt-4o-mini")).is).toMatch(/^200 forwarded /);
    expect((await ask("capital of Spain", "sk-3")).is).toBe("200 stale stale_answer");
  });
});
