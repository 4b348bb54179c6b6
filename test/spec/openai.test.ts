/** An application with the official OpenAI client, unmodified but for the base URL. */
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { supportPolicy } from "../support/policies.ts";
import { eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

let cloud: SimulatedCloud;
let sidecar: Sidecar;
let client: OpenAI;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 5, tokensPerSecond: 0 });
  sidecar = await startSidecar({ policy: supportPolicy(cloud.url) });
  client = new OpenAI({ baseURL: `${sidecar.url}/v1`, apiKey: "sk-test", maxRetries: 0 });
});

afterAll(async () => {
  await sidecar?.stop();
  await cloud?.close();
});

const acme = { role: "system", content: "You are Acme support." } as const;
const user = (content: string) => ({ role: "user", content }) as const;

describe("routine calls", () => {
  it("are answered in the pod, in the caller's protocol", async () => {
    const before = cloud.state.journal.count;
    const { data, response, request_id } = await client.chat.completions
      .create({ model: "gpt-4o-mini", messages: [user("hello there")] })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe("Hello! How can I help you today?");
    expect(data.model).toBe("gpt-4o-mini");
    expect(request_id).toBeTruthy();
    expect(response.headers.get("x-sidestep-decision")).toBe("local");
    expect(response.headers.get("x-sidestep-reason")).toBe("answered_template");
    expect(response.headers.get("x-sidestep-route")).toBe("greeting");
    expect(Number(response.headers.get("x-sidestep-confidence"))).toBeGreaterThan(0.8);
    expect(Number(response.headers.get("x-sidestep-saved"))).toBeGreaterThan(0);
    expect(cloud.state.journal.count).toBe(before);
  });

  it("are answered as a stream when a stream was asked for, with usage when asked", async () => {
    const stream = await client.chat.completions.create({
      model: "gpt-4o-mini",
      messages: [acme, user("How do refunds work?")],
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let total = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      total = chunk.usage?.total_tokens ?? total;
    }
    expect(text).toBe("Refunds take five days.");
    expect(total).toBeGreaterThan(0);
  });

  it("are answered through the client's stream helper", async () => {
    const stream = client.chat.completions.stream({
      model: "gpt-4o",
      messages: [user("good morning")],
    });
    expect(await stream.finalContent()).toBe("Hello! How can I help you today?");
  });

  it("give a label in the application's own schema", async () => {
    const { data, response } = await client.chat.completions
      .create({
        model: "gpt-4o-mini",
        messages: [
          { role: "system", content: "Classify the sentiment of the review." },
          user("I love it, works exactly as described, thank you so much!"),
        ],
        response_format: {
          type: "json_schema",
          json_schema: {
            name: "verdict",
            strict: true,
            schema: {
              type: "object",
              properties: {
                sentiment: { type: "string", enum: ["POSITIVE", "NEGATIVE", "NEUTRAL"] },
              },
              required: ["sentiment"],
              additionalProperties: false,
            },
          },
        },
      })
      .withResponse();
    expect(response.headers.get("x-sidestep-decision")).toBe("local");
    expect(JSON.parse(data.choices[0]?.message.content ?? "")).toEqual({ sentiment: "POSITIVE" });
  });
});

describe("every other call", () => {
  it("reaches the cloud and comes back with the reason", async () => {
    const { data, response } = await client.chat.completions
      .create({
        model: "gpt-4o",
        messages: [acme, user("Prove that there are infinitely many primes.")],
      })
      .withResponse();
    expect(data.choices[0]?.message.content).toBeTruthy();
    expect(response.headers.get("x-sidestep-decision")).toBe("forwarded");
    expect(response.headers.get("x-sidestep-reason")).toMatch(/^[a-z_]+$/);
    expect(response.headers.get("x-ratelimit-limit-requests")).toBeTruthy();
  });

  it("is forwarded when it offers tools, whatever it says", async () => {
    const { response } = await client.chat.completions
      .create({
        model: "gpt-4o",
        messages: [user("hello")],
        tools: [
          { type: "function", function: { name: "look_up", parameters: { type: "object" } } },
        ],
      })
      .withResponse();
    expect(response.headers.get("x-sidestep-reason")).toBe("tools_present");
  });

  it.each(["You are a pirate.", "Answer only in French."])(
    "is forwarded when its system prompt is not listed: %s",
    async (content) => {
      const { response } = await client.chat.completions
        .create({
          model: "gpt-4o",
          messages: [{ role: "system", content }, user("how do refunds work")],
        })
        .withResponse();
      expect(response.headers.get("x-sidestep-decision")).toBe("forwarded");
    },
  );

  it("is relayed untouched when its protocol is not one that is read", async () => {
    const models = await client.models.list();
    expect(models.data.length).toBeGreaterThan(0);
    const { response } = await client.embeddings
      .create({ model: "text-embedding-3-small", input: "hello" })
      .withResponse();
    expect(response.headers.get("x-sidestep-reason")).toBe("protocol_not_read");
  });

  it("leaves a record that names it by its request id", async () => {
    const { response } = await client.chat.completions
      .create({ model: "gpt-4o", messages: [acme, user("Explain monads to a horse.")] })
      .withResponse();
    const id = response.headers.get("x-sidestep-request-id");
    const record = await eventually(async () => {
      const reply = await fetch(`${sidecar.admin}/decisions?id=${id}`);
      return reply.ok ? await reply.text() : null;
    });
    expect(record).toContain('"forwarded"');
    expect(record).not.toContain("monads");
    expect(record).not.toContain("sk-test");
  });
});
