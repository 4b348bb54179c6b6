/** Reading along replies: usage, model and whether they ended properly, however they are cut, coded or broken. */
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Protocol, RequestView } from "../../../proxy/core/request.ts";
import type { UsageReport } from "../../../proxy/wire/codec.ts";
import { codecOf } from "../../../proxy/wire/table.ts";
import { anthropicView, fixture, openAiView } from "./fixtures.ts";

interface Form {
  readonly type?: string;
  readonly coding?: string;
  readonly view?: RequestView;
  readonly piece?: number;
}

function report(protocol: Protocol, body: Buffer | string, form: Form = {}): UsageReport | null {
  const bytes = Buffer.from(body);
  const isStream = /^(?:event|data|:)/.test(bytes.toString("latin1", 0, 5));
  const type = form.type ?? (isStream ? "text/event-stream; charset=utf-8" : "application/json");
  const reader = codecOf(protocol).createUsageReader(type, form.coding, form.view);
  const piece = form.piece ?? bytes.length + 1;
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece));
  return reader.end();
}

const openAi = (body: Buffer | string, form?: Form): UsageReport | null =>
  report("openai-chat", body, form);
const anthropic = (body: Buffer | string, form?: Form): UsageReport | null =>
  report("anthropic-messages", body, form);

const openAiModel = "gpt-4o-mini-2024-07-18";
const openAiUsage = { inputTokens: 20, outputTokens: 7, isEstimate: false };
const openAiWhole = {
  model: openAiModel,
  finishReasons: expect.any(Array),
  isComplete: true,
};
const anthropicWhole = {
  usage: {
    inputTokens: 12,
    outputTokens: 17,
    isEstimate: false,
    promptCache: { readTokens: 5, writtenTokens: 4, hourTokens: 0 },
  },
  model: "claude-haiku-4-5-20251001",
  finishReasons: [expect.any(String)],
  isComplete: true,
};

describe("a complete reply", () => {
  it.each(["openai-text", "openai-tools", "openai-refusal", "openai-two-logprobs"])(
    "%s is told as JSON",
    (name) => {
      const whole = { ...openAiWhole, usage: openAiUsage };
      expect(openAi(fixture(`${name}.json`), { piece: 7 })).toEqual(whole);
    },
  );

  it.each(["openai-text", "openai-tools", "openai-refusal", "openai-two-logprobs"])(
    "%s is told as a stream without usage",
    (name) => {
      const silent = { ...openAiWhole, usage: null };
      expect(openAi(fixture(`${name}.sse`), { piece: 7 })).toEqual(silent);
    },
  );

  it("is told as a stream with usage", () => {
    const whole = { ...openAiWhole, usage: openAiUsage };
    expect(openAi(fixture("openai-text-usage.sse"), { piece: 1 })).toEqual(whole);
  });

  it.each([
    "anthropic-text.json",
    "anthropic-rich.json",
    "anthropic-text.sse",
    "anthropic-rich.sse",
  ])("%s is told with everything that was read as input", (name) => {
    expect(anthropic(fixture(name), { piece: 7 })).toEqual(anthropicWhole);
  });

  it("is told the same however it is cut", () => {
    const bytes = fixture("anthropic-rich.sse");
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (piece) => {
        expect(anthropic(bytes, { piece })).toEqual(anthropicWhole);
      }),
    );
  });
});

describe("why a reply ended", () => {
  it.each([
    ["openai-text", ["stop"]],
    ["openai-tools", ["tool_calls"]],
    ["openai-two-logprobs", ["length", "stop"]],
    ["anthropic-text", ["end_turn"]],
    ["anthropic-rich", ["tool_use"]],
  ] as const)("%s is told alike as JSON and as a stream", (name, reasons) => {
    const read = name.startsWith("openai") ? openAi : anthropic;
    for (const form of ["json", "sse"]) {
      const told = read(fixture(`${name}.${form}`), { piece: 7 })?.finishReasons;
      expect(told?.toSorted()).toEqual(reasons);
    }
  });
});

describe("what the provider's prompt cache had or took", () => {
  const openAiCounting = (details: string): UsageReport | null =>
    openAi(
      `{"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":2006,"completion_tokens":300,"prompt_tokens_details":${details}}}`,
    );
  const anthropicCounting = (counts: string): UsageReport | null =>
    anthropic(
      `{"type":"message","stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":2,${counts}}}`,
    );

  it("is told by OpenAI as a part of the input", () => {
    const usage = openAiCounting('{"cached_tokens":1920,"cache_write_tokens":80}')?.usage;
    expect(usage?.inputTokens).toBe(2006);
    expect(usage?.promptCache).toEqual({ readTokens: 1920, writtenTokens: 80, hourTokens: 0 });
  });

  it("is told by Anthropic beside the input, with what is kept for an hour", () => {
    const usage = anthropicCounting(
      '"cache_read_input_tokens":1000,"cache_creation_input_tokens":300,"cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":200}',
    )?.usage;
    expect(usage?.inputTokens).toBe(1310);
    expect(usage?.promptCache).toEqual({ readTokens: 1000, writtenTokens: 300, hourTokens: 200 });
  });

  it("is left out where there was none, and where the counts contradict each other", () => {
    for (const details of [
      "null",
      "{}",
      '{"cached_tokens":0}',
      '{"cached_tokens":2007}',
      '{"cached_tokens":"9"}',
    ]) {
      const usage = openAiCounting(details)?.usage;
      expect(usage).toEqual({ inputTokens: 2006, outputTokens: 300, isEstimate: false });
    }
    const hour = '"cache_creation":{"ephemeral_1h_input_tokens":7}';
    expect(anthropicCounting(hour)?.usage?.promptCache).toBeUndefined();
  });
});

describe("a usage that the reply leaves out", () => {
  it("is estimated from the call and what was said", () => {
    const view = openAiView();
    const estimate = openAi(fixture("openai-text.sse"), { view })?.usage;
    expect(estimate).toMatchObject({ inputTokens: 12, isEstimate: true });
    expect(estimate?.outputTokens).toBeGreaterThan(8);
    expect(openAi(fixture("openai-tools.sse"), { view })?.usage?.outputTokens).toBeGreaterThan(15);
    expect(openAi(fixture("openai-text-usage.sse"), { view })?.usage).toEqual(openAiUsage);
  });

  it("is estimated for what had been said when a stream broke off", () => {
    const start = fixture("openai-text.sse").subarray(0, 1500);
    const cut = openAi(start, { view: openAiView() });
    expect(cut).toMatchObject({ isComplete: false, usage: { isEstimate: true } });
    expect(cut?.usage?.outputTokens).toBeGreaterThan(0);
  });

  it("is not made up for an error", () => {
    const failed = { usage: null, model: null, finishReasons: [], isComplete: false };
    expect(openAi('{"error":{"message":"no"}}', { view: openAiView() })).toEqual(failed);
    const error = '{"type":"error","error":{"type":"overloaded_error","message":"no"}}';
    expect(anthropic(error, { view: anthropicView() })).toEqual(failed);
  });

  it("is estimated for Anthropic too, thoughts and tool inputs counted", () => {
    const body = fixture("anthropic-rich.json").toString().replace("input_tokens", "x");
    const usage = anthropic(body, { view: anthropicView() })?.usage;
    expect(usage).toMatchObject({ inputTokens: 12, isEstimate: true });
    expect(usage?.outputTokens).toBeGreaterThan(20);
  });
});

describe("a reply that did not end properly", () => {
  it.each([
    ["openai-chat", "openai-text.sse"],
    ["openai-chat", "openai-text-usage.sse"],
    ["openai-chat", "openai-two-logprobs.sse"],
    ["anthropic-messages", "anthropic-text.sse"],
    ["anthropic-messages", "anthropic-rich.sse"],
  ] as const)("is no complete one at any cut: %s %s", (protocol, name) => {
    const bytes = fixture(name);
    for (let length = 0; length < bytes.length - 2; length += 1) {
      expect(
        report(protocol, bytes.subarray(0, length), { type: "text/event-stream" })?.isComplete,
      ).toBe(false);
    }
    expect(report(protocol, bytes.subarray(0, -2))?.isComplete).toBe(true);
  });

  it.each([
    [
      "[DONE] before any choice finished",
      'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n',
    ],
    [
      "[DONE] before one of two finished",
      'data: {"choices":[{"index":0,"finish_reason":"stop"},{"index":1}]}\n\ndata: [DONE]\n\n',
    ],
    ["[DONE] alone", "data: [DONE]\n\n"],
    [
      "an error frame",
      'data: {"choices":[{"index":0,"finish_reason":"stop"}]}\n\ndata: {"error":{"message":"no"}}\n\ndata: [DONE]\n\n',
    ],
    [
      "an error event",
      'data: {"choices":[{"index":0,"finish_reason":"stop"}]}\n\nevent: error\ndata: {"message":"no"}\n\ndata: [DONE]\n\n',
    ],
    [
      "a frame that is no JSON",
      'data: {"choices":[{"index":0,"finish_reason":"stop"}]}\n\ndata: <html>\n\ndata: [DONE]\n\n',
    ],
    ["no choices", '{"choices":[]}'],
    ["a choice without its reason", '{"choices":[{"index":0,"message":{},"finish_reason":null}]}'],
    ["an error beside choices", '{"error":{},"choices":[{"index":0,"finish_reason":"stop"}]}'],
  ])("is no complete one: OpenAI, %s", (_what, body) => {
    expect(openAi(body)?.isComplete).toBe(false);
  });

  it.each([
    [
      "an error event",
      'data: {"type":"message_start","message":{}}\n\ndata: {"type":"error"}\n\ndata: {"type":"message_stop"}\n\n',
    ],
    [
      "no stop reason",
      'data: {"type":"message_start","message":{}}\n\ndata: {"type":"message_stop"}\n\n',
    ],
    [
      "a frame that is no JSON",
      'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\ndata: x\n\ndata: {"type":"message_stop"}\n\n',
    ],
    ["no stop reason in JSON", '{"type":"message","stop_reason":null}'],
  ])("is no complete one: Anthropic, %s", (_what, body) => {
    expect(anthropic(body)?.isComplete).toBe(false);
  });
});

describe("odd but proper replies", () => {
  it("take the model from the first chunk that names one", () => {
    const body =
      'data: {"model":"","choices":[]}\n\ndata: {"model":"m","choices":[{"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
    expect(openAi(body)).toEqual({
      usage: null,
      model: "m",
      finishReasons: ["stop"],
      isComplete: true,
    });
  });

  it("take counts only where they are counts", () => {
    for (const usage of [
      "null",
      "7",
      '{"prompt_tokens":"1","completion_tokens":2}',
      '{"prompt_tokens":-1,"completion_tokens":2}',
      '{"prompt_tokens":1.5,"completion_tokens":2}',
    ]) {
      expect(openAi(`{"choices":[{"finish_reason":"stop"}],"usage":${usage}}`)?.usage).toBeNull();
    }
    const delta =
      'data: {"type":"message_start","message":{"usage":{"input_tokens":3,"output_tokens":1}}}\n\ndata: {"type":"message_delta","usage":{"input_tokens":null,"output_tokens":9}}\n\n';
    expect(anthropic(delta)?.usage).toEqual({ inputTokens: 3, outputTokens: 9, isEstimate: false });
  });
});

describe("a compressed reply", () => {
  it.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ] as const)("is read along from a copy: %s", (coding, encode) => {
    for (const name of ["anthropic-rich.sse", "anthropic-text.json"]) {
      const type = name.endsWith("sse") ? "text/event-stream" : "application/json";
      const bytes = encode(fixture(name));
      expect(anthropic(bytes, { coding, type, piece: 11 })).toEqual(anthropicWhole);
      expect(anthropic(bytes, { coding: "identity", type })?.isComplete ?? false).toBe(false);
    }
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ] as const)("is read as far as it came when it was cut short: %s", (coding, encode) => {
    const bytes = encode(fixture("anthropic-rich.sse")).subarray(0, 600);
    expect(anthropic(bytes, { coding, type: "text/event-stream" })).toMatchObject({
      model: "claude-haiku-4-5-20251001",
      isComplete: false,
    });
  });

  it.each([
    ["another coding", "compress", Buffer.from("x")],
    ["two codings", "gzip, br", Buffer.from("x")],
    ["broken data", "gzip", Buffer.from("not gzip at all")],
    ["more than is decoded", "gzip", gzipSync(Buffer.alloc(5_000_000, " "))],
    ["more than is kept", "br", Buffer.alloc(600_000)],
    ["nothing", "zstd", Buffer.alloc(0)],
  ])("is not read: %s", (_what, coding, bytes) => {
    for (const type of ["application/json", "text/event-stream"]) {
      expect(openAi(bytes, { coding, type, piece: 50_000 })).toBeNull();
    }
  });
});

describe("a reply that is not read", () => {
  it.each([
    "",
    "text/plain",
    "application/octet-stream",
    "application/x-ndjson",
    "application/jsonl",
  ])("has content type %j", (type) => {
    expect(openAi(fixture("openai-text.json"), { type })).toBeNull();
  });

  it.each(["application/json; charset=utf-8", "Application/JSON", "application/problem+json"])(
    "does not have content type %j",
    (type) => {
      expect(openAi(fixture("openai-text.json"), { type })?.isComplete).toBe(true);
    },
  );

  it.each([
    ["no JSON", "<html>"],
    ["JSON cut off", fixture("openai-text.json").subarray(0, -3).toString()],
    ["a list", "[]"],
    ["nothing", ""],
  ])("is %s", (_what, body) => {
    expect(openAi(body, { type: "application/json" })).toBeNull();
  });

  it("is larger than the bound", () => {
    const large = JSON.stringify({
      choices: [{ finish_reason: "stop" }],
      x: "y".repeat(1_050_000),
    });
    expect(openAi(large, { piece: 60_000 })).toBeNull();
    expect(openAi(`data: ${large}`, { piece: 60_000 })).toBeNull();
  });

  it("nests deeper than a stack", () => {
    const deep = `${'{"a":'.repeat(60_000)}1${"}".repeat(60_000)}`;
    expect(anthropic(`{"content":[{"type":"tool_use","input":${deep}}]}`)).toBeNull();
  });
});
