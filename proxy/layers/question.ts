/** Turns a text or a request body into a call as the listener would hand it over, for explain. */
import type { Caller, Received, Snapshot } from "../core/received.ts";
import type { Protocol } from "../core/request.ts";
import { codecOf } from "../wire/table.ts";

/** What is explained: a text as a one-turn call, or a request body as an application would send it. */
export type Question = (
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "body"; readonly bytes: Buffer; readonly protocol: string | null }
) & {
  /** Who is to have called. */
  readonly caller?: string;
};

const paths: Readonly<Record<Protocol, string>> = {
  "openai-chat": "/v1/chat/completions",
  "anthropic-messages": "/v1/messages",
};

const providers: Readonly<Record<Protocol, string>> = {
  "openai-chat": "openai",
  "anthropic-messages": "anthropic",
};

/** The call; null when the body is none that a codec reads. */
export function questionAsCall(question: Question, snapshot: Snapshot): Received | null {
  const bytes = question.kind === "text" ? bodyOf(question.text) : question.bytes;
  const named = question.kind === "text" ? "openai-chat" : (question.protocol ?? guessed(bytes));
  const protocol = protocolNamed(named);
  if (protocol === null) return null;
  const headers = ["content-type", "application/json"];
  const reading = codecOf(protocol).read(bytes, headers);
  if (reading.kind === "unread") return null;
  return {
    id: "explain",
    startedMs: performance.now(),
    bodyWaitMs: 0,
    head: { method: "POST", target: paths[protocol], headers },
    caller: callerOf(question.caller),
    routed: { provider: providers[protocol], path: paths[protocol] },
    body: { kind: "whole", bytes },
    reading,
    controls: { mode: null, cache: null, target: null },
    snapshot,
    signal: new AbortController().signal,
  };
}

function callerOf(name?: string): Caller {
  return name === undefined ? { kind: "anyone" } : { kind: "known", name };
}

function bodyOf(text: string): Buffer {
  return Buffer.from(JSON.stringify({ model: "any", messages: [{ role: "user", content: text }] }));
}

/** A top-level `system` or a Claude model is Anthropic's; everything else is taken for OpenAI's. */
function guessed(bytes: Buffer): Protocol {
  try {
    const body: unknown = JSON.parse(bytes.toString());
    if (typeof body !== "object" || body === null) return "openai-chat";
    const isClaude = "model" in body && String(body.model).startsWith("claude");
    return "system" in body || isClaude ? "anthropic-messages" : "openai-chat";
  } catch {
    return "openai-chat";
  }
}

function protocolNamed(name: string): Protocol | null {
  return name === "openai-chat" || name === "anthropic-messages" ? name : null;
}
