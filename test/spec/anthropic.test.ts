/** An application with the official Anthropic client, unmodified but for the base URL. */
import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { supportPolicy } from "../support/policies.ts";
import { startSidecar, type Sidecar } from "../support/sidecar.ts";

let cloud: SimulatedCloud;
let sidecar: Sidecar;
let client: Anthropic;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 5, tokensPerSecond: 0 });
  sidecar = await startSidecar({ policy: supportPolicy(cloud.url) });
  client = new Anthropic({ baseURL: sidecar.url, apiKey: "sk-ant-test", maxRetries: 0 });
});

afterAll(async () => {
  await sidecar?.stop();
  await cloud?.close();
});

const ask = (content: string) => ({
  model: "claude-haiku-4-5",
  max_tokens: 200,
  messages: [{ role: "user", content } as const],
});

describe("an Anthropic application", () => {
  it("gets a routine call answered in the pod", async () => {
    const { data, response } = await client.messages.create(ask("hi there")).withResponse();
    expect(data.content).toEqual([
      expect.objectContaining({ type: "text", text: "Hello! How can I help you today?" }),
    ]);
    expect(data.stop_reason).toBe("end_turn");
    expect(response.headers.get("x-sidestep-decision")).toBe("local");
  });

  it("gets it as a stream through the client's helper", async () => {
    const system = "You are Acme support.";
    const stream = client.messages.stream({ ...ask("can I get my money back?"), system });
    const message = await stream.finalMessage();
    expect(await stream.finalText()).toBe("Refunds take five days.");
    expect(message.usage.output_tokens).toBeGreaterThan(0);
  });

  it("reaches the cloud with everything else, as JSON and as a stream", async () => {
    const call = {
      ...ask("Write a proof of the four colour theorem."),
      system: "You are Acme support.",
    };
    const { data, response } = await client.messages.create(call).withResponse();
    expect(data.content.length).toBeGreaterThan(0);
    expect(response.headers.get("x-sidestep-decision")).toBe("forwarded");
    expect(response.headers.get("request-id")).toBeTruthy();
    const message = await client.messages.stream(call).finalMessage();
    expect(message.content.length).toBeGreaterThan(0);
  });

  it("has its other calls relayed untouched", async () => {
    const counted = await client.messages.countTokens({
      model: "claude-haiku-4-5",
      messages: [{ role: "user", content: "hello" }],
    });
    expect(counted.input_tokens).toBeGreaterThan(0);
    expect(cloud.state.journal.entries(1)[0]?.url).toMatch(/^\/v1\/messages\/count_tokens/);
  });

  it("is forwarded when it asks for thinking", async () => {
    const { response } = await client.messages
      .create({
        ...ask("hi"),
        max_tokens: 2000,
        thinking: { type: "enabled", budget_tokens: 1024 },
      })
      .withResponse();
    expect(response.headers.get("x-sidestep-reason")).toBe("stateful_feature");
  });
});
