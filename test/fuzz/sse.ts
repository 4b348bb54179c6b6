/** Replies that are nearly a provider's stream: relayed byte for byte, while what reads along finds what it can. */
import { strict as assert } from "node:assert";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import type { Fuzz, Prepared } from "./fuzz.ts";
import { cuts, mutated, piecesAt } from "./mutation.ts";
import { startStage } from "./stage.ts";
import { createStrictUpstream } from "./strict-upstream.ts";

const fixtures = join(import.meta.dirname, "../fixtures/wire");
const read = (name: string): string => readFileSync(join(fixtures, name), "latin1");

const valid: readonly string[] = [
  "openai-text.sse",
  "openai-text-usage.sse",
  "openai-tools.sse",
  "openai-refusal.sse",
  "anthropic-text.sse",
  "anthropic-rich.sse",
  "openai-text.json",
  "anthropic-text.json",
].map(read);

const fragments: readonly string[] = [
  ...'\n|\r|\r\n|\n\n|\r\r|:|: ping\n\n|data:|data: |event: |id: 1\n|retry: x\n|{|}|"|[|]|null|\0|\xff|\xef\xbb\xbf'.split(
    "|",
  ),
  "data: [DONE]\n\n",
  'data: {"choices":null}\n\n',
  'data: {"choices":[{"delta":{"content":5}}],"usage":{"prompt_tokens":-1}}\n\n',
  'data: {"usage":{"prompt_tokens":1e999,"completion_tokens":"x"}}\n\n',
  'data: {"type":"message_start","message":null}\n\n',
  'data: {"type":"content_block_delta","index":999999999,"delta":{}}\n\n',
  'data: {"type":"error","error":5}\n\n',
  `data: ${"x".repeat(200_000)}\n\n`,
  "data: a\n".repeat(5000),
  `data: ${"[".repeat(5000)}\n\n`,
  '"usage":{"__proto__":1},',
];

const reply = fc.record({
  path: fc.constantFrom("/v1/chat/completions", "/v1/messages"),
  text: fc.oneof(
    { weight: 6, arbitrary: mutated(valid, fragments) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 2000 }) },
  ),
  type: fc.constantFrom(
    "text/event-stream",
    "text/event-stream; charset=utf-8",
    "application/json",
  ),
  coding: fc.constantFrom("", "", "", "gzip", "br", "x-none"),
  isTruly: fc.boolean(),
  framing: fc.constantFrom("chunked", "length", "close"),
  cuts,
});

type Reply = typeof reply extends fc.Arbitrary<infer One> ? One : never;

function bodyOf({ text, coding, isTruly }: Reply): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return coding === "gzip" && isTruly ? gzipSync(bytes) : bytes;
}

function rendered(given: Reply, body: Buffer): Buffer {
  const coding = given.coding === "" ? "" : `Content-Encoding: ${given.coding}\r\n`;
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${given.type}\r\n${coding}`;
  if (given.framing === "length") {
    return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body]);
  }
  if (given.framing === "close") {
    return Buffer.concat([Buffer.from(`${head}Connection: close\r\n\r\n`), body]);
  }
  const chunks = piecesAt(body, given.cuts).map((piece) =>
    Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]),
  );
  const start = Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`);
  return Buffer.concat([start, ...chunks, Buffer.from("0\r\n\r\n")]);
}

/** The body as the caller gets it, and whether it came to its end. */
function called(url: string, path: string): Promise<{ body: Buffer; isWhole: boolean }> {
  // No call is like another: the store would answer with the reply of the last one.
  const messages = [{ role: "user", content: randomUUID() }];
  const body = JSON.stringify({ model: "m", stream: true, max_tokens: 9, messages });
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", () => undefined);
      response.on("close", () =>
        resolve({ body: Buffer.concat(chunks), isWhole: response.complete }),
      );
    });
    request.end(body);
  });
}

async function prepare(): Promise<Prepared> {
  const upstream = await createStrictUpstream();
  const stage = await startStage(upstream.port);
  const property = fc.asyncProperty(reply, async (given) => {
    const sent = bodyOf(given);
    upstream.reply = () => rendered(given, sent);
    upstream.closesAfterReply = given.framing === "close";
    const { body, isWhole } = await called(stage.sidecar.url, given.path);
    assert.ok(isWhole, "the reply did not come to its end");
    assert.ok(body.equals(sent), "the caller got other bytes");
  });
  return {
    property,
    check: () => stage.check(),
    close: async () => {
      await stage.sidecar.stop();
      await upstream.close();
    },
  };
}

/** The fuzz of replies. */
export const sseFuzz: Fuzz = { name: "sse", prepare };
