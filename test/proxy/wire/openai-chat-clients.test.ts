/** Local Chat Completions answers and errors, read by the clients that applications use. */
import { createOpenAI } from "@ai-sdk/openai";
import { ChatOpenAI } from "@langchain/openai";
import { generateText, jsonSchema, Output, streamText } from "ai";
import OpenAI, {
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
} from "openai";
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
const model = "gpt-4o-mini";
const question = { role: "user", content: "Where is it?" } as const;
const labelSchema = {
  type: "object",
  properties: { label: { type: "string", enum: ["yes", "no"] } },
  required: ["label"],
  additionalProperties: false,
} as const;

let server: ReplyServer;
let client: OpenAI;

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
  client = new OpenAI({ apiKey: "key", baseURL: `${server.url}/v1`, maxRetries: 0 });
});
afterAll(() => server.close());

describe.each([
  { cut: "whole", piece: Number.MAX_SAFE_INTEGER },
  { cut: "7-byte pieces", piece: 7 },
  { cut: "single bytes", piece: 1 },
])("a local answer in $cut", ({ piece }) => {
  beforeAll(() => server.answer(answering(text), piece));

  it("is a full completion for openai's create", async () => {
    const { data, response, request_id } = await client.chat.completions
      .create({ model, messages: [question] })
      .withResponse();
    expect(data).toEqual({
      id: "chatcmpl-4f3a-12",
      object: "chat.completion",
      created: 1_789_000_000,
      model,
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: text, refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: { prompt_tokens: 11, completion_tokens: 23, total_tokens: 34 },
    });
    expect(request_id).toBe("4f3a-12");
    expect(response.headers.get("content-type")).toBe("application/json");
  });

  it("streams word by word to openai's raw iterator, with no chunk that lacks a choice", async () => {
    const stream = await client.chat.completions.create({
      model,
      messages: [question],
      stream: true,
    });
    const chunks = await collected(stream);
    const deltas = chunks.map((chunk) => chunk.choices[0]?.delta);
    expect(deltas.map((delta) => delta?.content ?? "").join("")).toBe(text);
    expect(deltas[0]).toEqual({ role: "assistant", content: "" });
    expect(chunks.length).toBeGreaterThan(8);
    expect(chunks.every((chunk) => chunk.choices.length === 1)).toBe(true);
    expect(chunks.every((chunk) => chunk.model === model && !("usage" in chunk))).toBe(true);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  it("streams usage last, and null before, to who asks for it", async () => {
    const stream = await client.chat.completions.create({
      model,
      messages: [question],
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collected(stream);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 11, completion_tokens: 23, total_tokens: 34 },
    });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  });

  it("adds up in openai's stream helper", async () => {
    const stream = client.chat.completions.stream({ model, messages: [question] });
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]?.message).toMatchObject({ role: "assistant", content: text });
    expect(completion.choices[0]?.finish_reason).toBe("stop");
    expect(completion.id).toBe("chatcmpl-4f3a-12");
  });

  it("is read by the AI SDK, whole and streamed", async () => {
    const chat = createOpenAI({ apiKey: "key", baseURL: `${server.url}/v1` }).chat(model);
    const whole = await generateText({ model: chat, prompt: "Where?", maxRetries: 0 });
    expect([whole.text, whole.finishReason]).toEqual([text, "stop"]);
    expect(whole.usage).toMatchObject({ inputTokens: 11, outputTokens: 23 });
    const streamed = streamText({ model: chat, prompt: "Where?", maxRetries: 0 });
    expect(await streamed.text).toBe(text);
    expect(await streamed.finishReason).toBe("stop");
    expect(await streamed.usage).toMatchObject({ inputTokens: 11, outputTokens: 23 });
  });

  it("is read by LangChain, whole and streamed", async () => {
    const chat = new ChatOpenAI({
      model,
      apiKey: "key",
      maxRetries: 0,
      configuration: { baseURL: `${server.url}/v1` },
    });
    const whole = await chat.invoke("Where?");
    expect(whole.text).toBe(text);
    expect(whole.usage_metadata).toMatchObject({ total_tokens: 34 });
    const pieces = await collected(await chat.stream("Where?"));
    expect(pieces.map((said) => said.text).join("")).toBe(text);
  });
});

describe("a local answer that fits the caller's schema", () => {
  beforeAll(() => server.answer(answering('{"label":"yes"}')));
  const json_schema = { name: "label", strict: true, schema: labelSchema };

  it("is parsed by openai's parse and its stream helper", async () => {
    const call = {
      model,
      messages: [question],
      response_format: { type: "json_schema" as const, json_schema },
    };
    const parsed = await client.chat.completions.parse(call);
    expect(parsed.choices[0]?.message.parsed).toEqual({ label: "yes" });
    const streamed = await client.chat.completions.stream(call).finalChatCompletion();
    expect(streamed.choices[0]?.message.parsed).toEqual({ label: "yes" });
    expect(server.calls.at(-1)?.view.format).toEqual({
      kind: "json_schema",
      name: "label",
      schema: labelSchema,
    });
  });

  it("is an object for the AI SDK and LangChain, whose calls stand in nobody's way", async () => {
    const chat = createOpenAI({ apiKey: "key", baseURL: `${server.url}/v1` }).chat(model);
    const output = Output.object({ schema: jsonSchema<{ label: string }>(labelSchema) });
    const generated = await generateText({ model: chat, prompt: "Yes?", output, maxRetries: 0 });
    expect(generated.output).toEqual({ label: "yes" });
    expect(server.calls.at(-1)?.view.barriers).toEqual([]);
    const configuration = { baseURL: `${server.url}/v1` };
    const chain = new ChatOpenAI({ model, apiKey: "key", maxRetries: 0, configuration });
    expect(await chain.withStructuredOutput(labelSchema).invoke("Yes?")).toEqual({ label: "yes" });
    expect(server.calls.at(-1)?.view.format.kind).toBe("json_schema");
    expect(server.calls.at(-1)?.view.barriers).toEqual([]);
  });
});

describe("what is odd about an answer", () => {
  it("may be an empty text, in both forms", async () => {
    server.answer(answering(""));
    const whole = await client.chat.completions.create({ model, messages: [question] });
    expect(whole.choices[0]?.message.content).toBe("");
    const stream = client.chat.completions.stream({ model, messages: [question] });
    expect((await stream.finalChatCompletion()).choices[0]?.finish_reason).toBe("stop");
  });
});

describe("an error of ours", () => {
  it.each([
    ["sidestep_request_invalid", BadRequestError],
    ["sidestep_refused_by_policy", PermissionDeniedError],
    ["sidestep_provider_unknown", NotFoundError],
    ["sidestep_internal", InternalServerError],
    ["sidestep_upstream_timeout", InternalServerError],
  ] as const)("%s is openai's own class for its status, streamed or not", async (code, kind) => {
    server.answer(failing(code));
    for (const stream of [false, true]) {
      const fault: unknown = await client.chat.completions
        .create({ model, messages: [question], stream })
        .then(
          () => null,
          (thrown: unknown) => thrown,
        );
      expect(fault).toBeInstanceOf(kind);
      expect(fault).toMatchObject({
        code,
        type: "sidestep_error",
        param: null,
        requestID: "call-7",
        message: expect.stringContaining(new SidestepError(code).message),
      });
    }
  });

  it("is retried where that helps and nowhere else", async () => {
    const retrying = client.withOptions({ maxRetries: 1 });
    const attempts = async (code: ErrorCode): Promise<number> => {
      const before = server.calls.length;
      server.answer(failing(code, 0));
      await expect(
        retrying.chat.completions.create({ model, messages: [question] }),
      ).rejects.toThrow();
      return server.calls.length - before;
    };
    expect(await attempts("sidestep_upstream_unreachable")).toBe(2);
    expect(await attempts("sidestep_refused_by_policy")).toBe(1);
  });

  it("reaches AI SDK and LangChain with its sentence", async () => {
    server.answer(failing("sidestep_refused_by_policy"));
    const chat = createOpenAI({ apiKey: "key", baseURL: `${server.url}/v1` }).chat(model);
    await expect(generateText({ model: chat, prompt: "x", maxRetries: 0 })).rejects.toMatchObject({
      statusCode: 403,
      message: "The policy refuses this call.",
    });
    const configuration = { baseURL: `${server.url}/v1` };
    const chain = new ChatOpenAI({ model, apiKey: "key", maxRetries: 0, configuration });
    await expect(chain.invoke("x")).rejects.toThrow("The policy refuses this call.");
  });

  it("carries the status, sentence and wait that it is given", () => {
    const { codec } = server.calls[0] ?? expect.fail("no call");
    const fault = new SidestepError("sidestep_refused_by_policy", "", {
      status: 429,
      sentence: "No.",
    });
    const { status, headers, body } = codec.error(fault, "call-8", 1.2);
    expect(status).toBe(429);
    expect(headers).toEqual([
      "content-type",
      "application/json",
      "x-request-id",
      "call-8",
      "x-should-retry",
      "false",
      "retry-after",
      "2",
    ]);
    expect(JSON.parse(body.toString())).toEqual({
      error: { message: "No.", type: "sidestep_error", param: null, code: fault.code },
    });
  });
});
