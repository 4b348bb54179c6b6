/** JSON bodies that are nearly calls: whatever is read of them, what is forwarded is what was sent. */
import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import type { Fuzz, Prepared } from "./fuzz.ts";
import { mutated } from "./mutation.ts";
import { startStage } from "./stage.ts";
import { createStrictUpstream } from "./strict-upstream.ts";

const paths = ["/v1/chat/completions", "/v1/messages", "/anthropic/v1/messages"] as const;

const valid: readonly string[] = [
  { model: "gpt-4o", messages: [{ role: "user", content: "can I get a refund" }] },
  {
    model: "gpt-4o-mini",
    stream: true,
    stream_options: { include_usage: true },
    temperature: 0.5,
    max_tokens: 100,
    user: "u-1",
    messages: [
      { role: "system", content: "You classify. Answer with one of: a, b." },
      { role: "user", content: [{ type: "text", text: "返金できますか" }] },
      { role: "assistant", content: "a" },
      { role: "user", content: "speak to a human 😀 \ud83d" },
    ],
    tools: [{ type: "function", function: { name: "f", parameters: { type: "object" } } }],
    response_format: { type: "json_schema", json_schema: { name: "n", schema: { enum: ["a"] } } },
  },
  {
    model: "claude-sonnet-4-5",
    max_tokens: 64,
    system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
    metadata: { user_id: "u-2" },
    messages: [
      { role: "user", content: [{ type: "image", source: { type: "base64", data: "AA==" } }] },
      { role: "user", content: 'Text: "good"\nLabel:' },
    ],
  },
].map((call) => Buffer.from(JSON.stringify(call)).toString("latin1"));

const fragments: readonly string[] = [
  ...'{|}|[|]|"|\\|,|:|null|true|-0|1e999|1E-400|NaN|\\u0000|\\ud800|\\uD83D\\uDE00|\0|\x80|\xff|\xef\xbb\xbf'.split(
    "|",
  ),
  '"model":"other",',
  '"mod\\u0065l":"other",',
  '"__proto__":{"x":1},',
  '"constructor":[],',
  '"messages":[],',
  '"messages":"hello",',
  '{"role":"user","content":null},',
  '{"role":"tool","tool_call_id":"x","content":[]},',
  '"stream":"yes",',
  '"n":2,',
  "[".repeat(3000),
  '{"a":'.repeat(2000),
  `"x":"${"y".repeat(70_000)}",`,
  `"${"k".repeat(5000)}":1,`,
  "\u00e3\u0081\u0082",
  " \t\r\n",
];

const call = fc.record({
  path: fc.constantFrom(...paths),
  text: fc.oneof(
    { weight: 6, arbitrary: mutated(valid, fragments) },
    {
      weight: 1,
      arbitrary: fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text).toString("latin1")),
    },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 300 }) },
  ),
  type: fc.constantFrom("application/json", "application/json; charset=utf-8", "text/plain"),
  coding: fc.constantFrom("", "", "", "gzip", "br", "gzip, gzip", "identity", "x-none"),
  isTruly: fc.boolean(),
});

type Call = typeof call extends fc.Arbitrary<infer One> ? One : never;

function bytesOf({ text, coding, isTruly }: Call): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return coding === "gzip" && isTruly ? gzipSync(bytes) : bytes;
}

function posted(
  url: string,
  given: Call,
  bytes: Buffer,
): Promise<{ status: number; body: string }> {
  const coding = given.coding === "" ? {} : { "content-encoding": given.coding };
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}${given.path}`, {
      method: "POST",
      headers: { "content-type": given.type, "content-length": bytes.length, ...coding },
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let body = "";
      response.setEncoding("latin1").on("data", (part: string) => (body += part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.end(bytes);
  });
}

async function prepare(): Promise<Prepared> {
  const upstream = await createStrictUpstream();
  const stage = await startStage(upstream.port);
  const property = fc.asyncProperty(call, async (given) => {
    const bytes = bytesOf(given);
    const { status, body } = await posted(stage.sidecar.url, given, bytes);
    assert.equal(status, 200);
    assert.equal(body, createHash("sha256").update(bytes).digest("hex"));
    assert.deepEqual(upstream.anomalies, []);
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

/** The fuzz of bodies. */
export const jsonFuzz: Fuzz = { name: "json", prepare };
