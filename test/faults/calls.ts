/** The calls that every fault is tried on, the reply that each gets where nothing is wrong, and their bytes on the wire. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ReplyScript } from "../support/scripted-upstream-script.ts";
import type { Http2Request } from "./sight.ts";

const folder = join(import.meta.dirname, "../fixtures/wire");

/** One call of an application. */
export interface FaultCall {
  readonly name: string;
  /** The policy's provider that takes it. */
  readonly provider: "openai" | "anthropic";
  readonly form: "json" | "sse" | "unread";
  /** The request without its target's provider prefix. */
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: string;
  /** The provider's reply. */
  readonly good: ReplyScript;
}

function fixture(name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

/** A stream as providers send it: chunked, an event a chunk. */
function stream(name: string): ReplyScript {
  const events = fixture(name).split(/(?<=\n\n)/);
  return { headers: ["Content-Type", "text/event-stream"], body: events, framing: "chunked" };
}

function whole(name: string): ReplyScript {
  return { headers: ["Content-Type", "application/json"], body: fixture(name) };
}

const messages = [{ role: "user", content: "Compare leasing and buying a van." }];

const openai = {
  provider: "openai",
  method: "POST",
  target: "/v1/chat/completions",
  headers: ["Authorization", "Bearer sk-1"],
} as const;

const anthropic = {
  provider: "anthropic",
  method: "POST",
  target: "/v1/messages",
  headers: ["x-api-key", "sk-2", "anthropic-version", "2023-06-01"],
} as const;

/** Both protocols, plain and as a stream, and a path that is only relayed. */
export const calls: readonly FaultCall[] = [
  {
    ...openai,
    name: "openai",
    form: "json",
    body: JSON.stringify({ model: "gpt-4o", messages }),
    good: whole("openai-text.json"),
  },
  {
    ...openai,
    name: "openai stream",
    form: "sse",
    body: JSON.stringify({ model: "gpt-4o", messages, stream: true }),
    good: stream("openai-text.sse"),
  },
  {
    ...anthropic,
    name: "anthropic",
    form: "json",
    body: JSON.stringify({ model: "claude-x", max_tokens: 100, messages }),
    good: whole("anthropic-text.json"),
  },
  {
    ...anthropic,
    name: "anthropic stream",
    form: "sse",
    body: JSON.stringify({ model: "claude-x", max_tokens: 100, messages, stream: true }),
    good: stream("anthropic-text.sse"),
  },
  {
    provider: "openai",
    name: "unread path",
    form: "unread",
    method: "PUT",
    target: "/v1/containers/c1/files?x=%2F",
    headers: ["Authorization", "Bearer sk-1"],
    body: '{"any":"thing"}',
    good: {
      headers: ["Content-Type", "application/octet-stream"],
      body: Buffer.from(Array.from({ length: 2_000 }, (_, at) => (at * 7) % 256)),
    },
  },
];

/** The call with that name. */
export function callNamed(name: string): FaultCall {
  const call = calls.find((one) => one.name === name);
  if (call === undefined) throw new Error(`no such call: ${name}`);
  return call;
}

/** How a call's bytes differ from the plain call. */
export interface CallBytes {
  /** A provider's name as the path's first segment, e.g. "/swift". */
  readonly prefix?: string;
  /** Whether it goes to the provider without Sidestep, which the upstream is told. */
  readonly isDirect?: boolean;
}

/** The call's bytes on the wire. */
export function bytesOf(
  call: FaultCall,
  { prefix = "", isDirect = false }: CallBytes = {},
): Buffer {
  const lines = [...linesOf(call), ...(isDirect ? ["X-Direct", "yes"] : [])];
  let head = `${call.method} ${prefix}${call.target} HTTP/1.1\r\nHost: localhost\r\n`;
  for (let at = 0; at < lines.length; at += 2) head += `${lines[at]}: ${lines[at + 1]}\r\n`;
  return Buffer.from(`${head}\r\n${call.body}`);
}

/** The call as HTTP/2 puts it. */
export function http2Of(call: FaultCall, prefix: string): Http2Request {
  const { method, body } = call;
  const headers = linesOf(call).map((part, at) => (at % 2 === 0 ? part.toLowerCase() : part));
  return { method, target: prefix + call.target, headers, body };
}

function linesOf({ name, body, headers }: FaultCall): string[] {
  const length = String(Buffer.byteLength(body));
  const own = ["X-Call", name, "Content-Type", "application/json", "Content-Length", length];
  return [...own, ...headers];
}
