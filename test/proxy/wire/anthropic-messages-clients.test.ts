/** Local Messages answers and errors, read by the clients that applications use. */
import { createAnthropic } from "@ai-sdk/anthropic";
import Anthropic, {
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
} from "@anthropic-ai/sdk";
import { generateText, jsonSchema, Output, streamText } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SidestepError, type ErrorCode } from "../../../proxy/core/errors.ts";
import {
  collected,
  createReplyServer,
  type Call,
  type Outgoing,
  type ReplyServer,
} from "./reply-server.ts";

const text = 'Ça va — número 12 arrives 明日です 🎉👩‍👩‍👧.\nSecond line, «quoted» \\ "so".';
const usage = { inputTokens: 11, outputTokens: 23, isEstimate: true };
const identity = { id: "4f3a-12", createdSeconds: 1_789_000_000 };
const model = "claude-haiku-4-5";
const params = {
  model,
  max_tokens: 100,
  messages: [{ role: "user", content: "Where is it?" }],
} satisfies Anthropic.MessageCreateParamsNonStreaming;

let server: ReplyServer;
let client: Anthropic;

function answering(said: string): (call: Call) => Outgoing {
  return ({ codec, view }) => {
    const written = codec.write({ text: said, usage }, view, identity);
    return { headers: written.headers, body: Buffer.concat(written.chunks) };
  };
}

function failing(code: ErrorCode, wait: number | null = null): (call: Call) => Outgoing {
  return ({ codec }) => codec.error(new SidestepError(code), "call-7", wait);
}

beforeAll(async () => {
  server = await createReplyServer();
  client = new Anthropic({ apiKey: "key", baseURL: server.url, maxRetries: 0 });
});
afterAll(() => server.close());

describe.each([
  { cut: "whole", piece: Number.MAX_SAFE_INTEGER },
  { cut: "7-byte pieces", piece: 7 },
  { cut: "single bytes", piece: 1 },
])("a local answer in $cut", ({ piece }) => {
  beforeAll(() => server.answer(answering(text), piece));

  it("is a full message for the SDK's create", async () => {
    const { data, response, request_id } = await client.messages.create(params).withResponse();
    expect(data).toEqual({
      id: "msg_4f3a12",
      type: "message",
      role: "assistant",
      model,
      content: [{ type: "text", text }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: {
        input_tokens: 11,
        output_tokens: 23,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
      },
    });
    expect(request_id).toBe("4f3a-12");
    expect(response.headers.get("content-type")).toBe("application/json");
  });

  it("streams every event in order to the SDK's raw iterator, word by word", async () => {
    const stream = await client.messages.create({ ...params, stream: true });
    const events = await collected(stream);
    const kinds = events.map((event) => event.type);
    const deltas = kinds.filter((kind) => kind === "content_block_delta");
    expect(deltas.length).toBeGreaterThan(8);
    expect(kinds).toEqual([
      "message_start",
      "content_block_start",
      ...deltas,
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    const said = events.map((event) =>
      event.type === "content_block_delta" && event.delta.type === "text_delta"
        ? event.delta.text
        : "",
    );
    expect(said.join("")).toBe(text);
  });

  it("adds up in the SDK's stream helper to the very message of create", async () => {
    const whole = await client.messages.create(params);
    const streamed = await client.messages.stream(params).finalMessage();
    expect(streamed).toEqual({ ...whole, parsed_output: null });
    expect(await client.messages.stream(params).finalText()).toBe(text);
  });

  it("is read by the AI SDK, whole and streamed, which leaves /v1 out", async () => {
    const chat = createAnthropic({ apiKey: "key", baseURL: server.url })(model);
    const whole = await generateText({ model: chat, prompt: "Where?", maxRetries: 0 });
    expect([whole.text, whole.finishReason]).toEqual([text, "stop"]);
    expect(whole.usage).toMatchObject({ inputTokens: 11, outputTokens: 23 });
    const streamed = streamText({ model: chat, prompt: "Where?", maxRetries: 0 });
    expect(await streamed.text).toBe(text);
    expect(await streamed.finishReason).toBe("stop");
    expect(await streamed.usage).toMatchObject({ inputTokens: 11, outputTokens: 23 });
    expect(server.calls.at(-1)?.view.barriers).toEqual([]);
  });
});

describe("a local answer that fits the caller's schema", () => {
  const schema = {
    type: "object",
    properties: { label: { type: "string", enum: ["yes", "no"] } },
    required: ["label"],
    additionalProperties: false,
  } as const;
  beforeAll(() => server.answer(answering('{"label":"yes"}')));

  it("is parsed by the SDK's parse", async () => {
    const parsed = await client.messages.parse({
      ...params,
      output_config: { format: { type: "json_schema", schema } },
    });
    expect(parsed.content[0]).toMatchObject({ type: "text", text: '{"label":"yes"}' });
    expect(server.calls.at(-1)?.view).toMatchObject({
      format: { kind: "json_schema", schema },
      barriers: [],
    });
  });

  it("is an object for the AI SDK", async () => {
    const chat = createAnthropic({ apiKey: "key", baseURL: `${server.url}/v1` })(model);
    const output = Output.object({ schema: jsonSchema<{ label: string }>(schema) });
    const generated = await generateText({ model: chat, prompt: "Yes?", output, maxRetries: 0 });
    expect(generated.output).toEqual({ label: "yes" });
    expect(server.calls.at(-1)?.view.format.kind).toBe("json_schema");
    expect(server.calls.at(-1)?.view.barriers).toEqual([]);
  });
});

describe("an empty answer", () => {
  it("is accepted in both forms", async () => {
    server.answer(answering(""));
    const whole = await client.messages.create(params);
    expect(whole.content).toEqual([{ type: "text", text: "" }]);
    const streamed = await client.messages.stream(params).finalMessage();
    expect(streamed).toEqual({ ...whole, parsed_output: null });
  });
});

describe("an error of ours", () => {
  it.each([
    ["sidestep_request_invalid", BadRequestError],
    ["sidestep_refused_by_policy", PermissionDeniedError],
    ["sidestep_provider_unknown", NotFoundError],
    ["sidestep_internal", InternalServerError],
    ["sidestep_upstream_timeout", InternalServerError],
  ] as const)("%s is the SDK's own class for its status, streamed or not", async (code, kind) => {
    server.answer(failing(code));
    for (const stream of [false, true]) {
      const fault: unknown = await client.messages.create({ ...params, stream }).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(fault).toBeInstanceOf(kind);
      expect(fault).toMatchObject({
        requestID: "call-7",
        error: {
          type: "error",
          error: { type: code, message: new SidestepError(code).message },
          request_id: "call-7",
        },
      });
    }
  });

  it("is retried where that helps and nowhere else", async () => {
    const retrying = client.withOptions({ maxRetries: 1 });
    const attempts = async (code: ErrorCode): Promise<number> => {
      const before = server.calls.length;
      server.answer(failing(code, 0));
      await expect(retrying.messages.create(params)).rejects.toThrow();
      return server.calls.length - before;
    };
    expect(await attempts("sidestep_upstream_unreachable")).toBe(2);
    expect(await attempts("sidestep_refused_by_policy")).toBe(1);
  });

  it("reaches the AI SDK with its sentence", async () => {
    server.answer(failing("sidestep_refused_by_policy"));
    const chat = createAnthropic({ apiKey: "key", baseURL: server.url })(model);
    await expect(generateText({ model: chat, prompt: "x", maxRetries: 0 })).rejects.toMatchObject({
      statusCode: 403,
      message: "The policy refuses this call.",
    });
  });

  it("carries the status, sentence and wait that it is given", () => {
    const { codec } = server.calls[0] ?? expect.fail("no call");
    const fault = new SidestepError("sidestep_refused_by_policy", "", {
      status: 429,
      sentence: "No.",
    });
    const { status, headers, body } = codec.error(fault, "call-8", 30);
    expect(status).toBe(429);
    expect(headers).toEqual([
      "content-type",
      "application/json",
      "request-id",
      "call-8",
      "x-should-retry",
      "false",
      "retry-after",
      "30",
    ]);
    expect(JSON.parse(body.toString())).toEqual({
      type: "error",
      error: { type: fault.code, message: "No." },
      request_id: "call-8",
    });
  });
});
