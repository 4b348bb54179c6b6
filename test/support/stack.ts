/** The real layers over ports that a test scripts, for what happens between the listener and the provider. */
import { Readable } from "node:stream";
import { Stack } from "../../proxy/core/layer.ts";
import type { DecisionRecord } from "../../proxy/core/decision.ts";
import type { HeaderLines } from "../../proxy/core/http.ts";
import type {
  AgreementBook,
  Answerer,
  Classifier,
  SignalReaders,
  Upstream,
  UpstreamCall,
  UpstreamFault,
} from "../../proxy/core/ports.ts";
import type { Policy } from "../../proxy/core/policy.ts";
import type { Received, Snapshot } from "../../proxy/core/received.ts";
import type { Reply, UpstreamReply } from "../../proxy/core/reply.ts";
import type { JsonObject, RequestView } from "../../proxy/core/request.ts";
import { admit } from "../../proxy/layers/admit.ts";
import { answer } from "../../proxy/layers/answer.ts";
import { decide } from "../../proxy/layers/decide.ts";
import { deliberation } from "../../proxy/layers/deliberation.ts";
import { forward } from "../../proxy/layers/forward.ts";
import { observe } from "../../proxy/layers/observe.ts";
import { recall, recallRouted } from "../../proxy/layers/recall.ts";
import { remember } from "../../proxy/layers/remember.ts";
import { rescue } from "../../proxy/layers/rescue.ts";
import { answererOf } from "../../proxy/answers/registry.ts";
import { signalReaders } from "../../proxy/signals/registry.ts";
import { createMemoryStore } from "../../proxy/store/memory.ts";
import { noTracer } from "../../proxy/telemetry/trace.ts";
import { policyOf, viewOf, noGenerator } from "./builders.ts";

/** What the provider does with the next calls. */
export type Script = (call: UpstreamCall) => UpstreamReply | UpstreamFault;

/** A stack with what it recorded. */
export interface Rig {
  readonly send: (received: Received) => Promise<Reply>;
  readonly calls: UpstreamCall[];
  readonly records: DecisionRecord[];
  readonly faults: string[];
  /** Milliseconds that the store's clock is ahead. */
  readonly clock: { aheadMs: number };
}

/** Parts that a test replaces. */
export interface RigParts {
  readonly script?: Script;
  readonly classifier?: Classifier;
  readonly answers?: Answerer;
  readonly signals?: SignalReaders;
  readonly isDown?: () => boolean;
  readonly isLimited?: () => boolean;
  readonly agreement?: AgreementBook;
}

const unavailable: Classifier = {
  classify: () => Promise.resolve({ kind: "fault", reason: "model_unavailable" }),
};

/** Builds the layers in the program's order. */
export function rigOf(parts: RigParts = {}): Rig {
  const calls: UpstreamCall[] = [];
  const records: DecisionRecord[] = [];
  const faults: string[] = [];
  const clock = { aheadMs: 0 };
  const recorder = {
    record: (record: DecisionRecord) => void records.push(record),
    fault: (where: string) => void faults.push(where),
  };
  const upstream: Upstream = {
    send: (call) => {
      calls.push(call);
      return Promise.resolve((parts.script ?? completion)(call));
    },
    isDown: parts.isDown ?? (() => false),
    isLimited: parts.isLimited ?? (() => false),
    breakers: () => [],
  };
  const store = createMemoryStore({ maxEntries: 100, maxBytes: 1_000_000 });
  const stored = { store, now: () => Date.now() + clock.aheadMs, faults: recorder };
  const signals = parts.signals ?? signalReaders;
  const deliberate = deliberation({
    classifier: parts.classifier ?? unavailable,
    signals,
    readsAll: false,
  });
  const answers = {
    deliberate,
    answers: parts.answers ?? answererOf(noGenerator),
    faults: recorder,
  };
  const verify = {
    agreement: parts.agreement ?? { note: () => undefined, isSuspended: () => false },
    comparer: { compare: () => Promise.resolve("unclear" as const) },
    random: () => 0.5,
    faults: recorder,
  };
  const { step } = new Stack(forward({ upstream }))
    .under(rescue({ upstream, recall: stored, answer: answers, faults: recorder }))
    .under(remember(stored))
    .under(recallRouted(stored))
    .under(answer(answers, verify))
    .under(decide({ deliberate, faults: recorder }))
    .under(recall(stored))
    .under(admit())
    .under(observe({ recorder, tracer: noTracer }));
  return { send: step, calls, records, faults, clock };
}

/** A chat completion that says `text`. */
export function completionOf(text: string, status = 200): UpstreamReply {
  const body = JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "gpt-4o-mini",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: text, refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  });
  return replyOf(status, body, ["content-type", "application/json"]);
}

/** Any reply of a provider. */
export function replyOf(status: number, body: string, headers: HeaderLines = []): UpstreamReply {
  return {
    status,
    statusText: "",
    headers,
    body: Readable.from([Buffer.from(body)]),
    trailers: () => [],
  };
}

function completion(): UpstreamReply {
  return completionOf("from the cloud");
}

/** A call of an application under `policy`. */
export function receivedOf(
  policy: Partial<Policy>,
  view: Partial<RequestView> = {},
  more: Partial<Received> = {},
): Received {
  const text = view.text ?? "hello";
  const body: JsonObject = {
    model: "gpt-4o-mini",
    messages: [{ role: "user", content: text }],
    ...view.body,
  };
  const bytes = Buffer.from(JSON.stringify(body));
  const snapshot: Snapshot = {
    policy: policyOf(policy),
    intents: null,
    faqs: new Map(),
    labels: new Map(),
    isStopped: false,
  };
  return {
    id: "id-1",
    startedMs: performance.now(),
    bodyWaitMs: 0,
    head: {
      method: "POST",
      target: "/v1/chat/completions",
      headers: ["content-type", "application/json"],
    },
    caller: { kind: "anyone" },
    routed: { provider: "openai", path: "/v1/chat/completions" },
    body: { kind: "whole", bytes },
    reading: { kind: "view", view: viewOf(text, { ...view, body }) },
    controls: { mode: null, cache: null, target: null },
    snapshot,
    signal: new AbortController().signal,
    ...more,
  };
}

/** Reads a reply to its end, as the writer would, and settles it. */
export async function drained(reply: Reply): Promise<string> {
  if (reply.kind !== "relay") {
    reply.ended({ kind: "complete" });
    if (reply.kind === "answer") return reply.answer.text;
    return reply.kind === "stored" ? reply.stored.body.toString() : reply.error.code;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of reply.upstream.body) {
    const bytes = Buffer.from(chunk);
    reply.tap?.(bytes);
    chunks.push(bytes);
  }
  reply.ended({ kind: "complete" });
  await new Promise((done) => setImmediate(done));
  return Buffer.concat(chunks).toString();
}
