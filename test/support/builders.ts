/** Small makers of views, signals and policies, so that a test states only what it is about. */
import { probability, score } from "../../proxy/core/brand.ts";
import type {
  CacheRule,
  Condition,
  LabelAnswer,
  Policy,
  Provider,
  Route,
} from "../../proxy/core/policy.ts";
import type { Generator } from "../../proxy/core/ports.ts";
import type { RequestView } from "../../proxy/core/request.ts";
import type { CheapSignals, ModelSignals, Scored, Signals } from "../../proxy/core/signals.ts";

/** A one-turn OpenAI call that says `text`. */
export function viewOf(text: string, more: Partial<RequestView> = {}): RequestView {
  return {
    protocol: "openai-chat",
    model: "gpt-4o-mini",
    stream: false,
    includeUsage: false,
    system: null,
    turns: [{ role: "user", text }],
    text,
    format: { kind: "text" },
    maxTokens: null,
    user: null,
    metadataUserId: null,
    hasTools: false,
    barriers: [],
    body: { model: "gpt-4o-mini", messages: [{ role: "user", content: text }] },
    ...more,
  };
}

const cacheOff: CacheRule = {
  mode: "off",
  scope: "user",
  identity: { kind: "protocol" },
  ttlMs: 3_600_000,
  tools: false,
};

/** A provider at `url` with short limits. */
export function providerOf(name: string, url: string, more: Partial<Provider> = {}): Provider {
  return {
    name,
    url: new URL(url),
    protocol: name === "anthropic" ? "anthropic-messages" : "openai-chat",
    region: null,
    hosts: [],
    key: null,
    timeouts: { connectMs: 2000, firstByteMs: 10_000, idleMs: 10_000 },
    breaker: { errorThreshold: 0.5, windowMs: 10_000, minRequests: 4, cooldownMs: 500 },
    retries: 0,
    sendsBaggage: false,
    ...more,
  };
}

/** A policy without routes that knows both providers. */
export function policyOf(more: Partial<Policy> = {}): Policy {
  return {
    revision: "000000000000",
    hash: "0".repeat(64),
    files: [],
    mode: "enforce",
    model: null,
    providers: new Map([
      ["openai", providerOf("openai", "http://127.0.0.1:9/v1")],
      ["anthropic", providerOf("anthropic", "http://127.0.0.1:9")],
    ]),
    hosts: new Map(),
    callers: null,
    deny: [],
    intents: [],
    targets: new Map(),
    weights: new Map([
      ["length", 0.5],
      ["syntax", 0.5],
    ]),
    keywords: new Map(),
    routes: [],
    faqs: new Map(),
    cache: cacheOff,
    store: { maxEntries: 100, maxBytes: 1_000_000 },
    outage: { staleMs: 0, answer: false },
    limits: { inspectBytes: 1_048_576, decisionMs: 50, queue: 64 },
    audit: { file: null, flushMs: 1000, maxBytes: 1_000_000, keep: 10, salt: null, content: null },
    capacity: { connections: null, calls: 1000, bodyBytes: null, headBytes: 262_144 },
    prices: new Map(),
    ...more,
  };
}

/** Nothing is compared. */
const verify = { sample: 0, maxWrong: 0.02 };

/** A route that answers with `text` when `when` holds. */
export function templateRoute(name: string, when: Condition, text = "Hello!"): Route {
  const answer = { kind: "template", texts: new Map([["*", text]]), slots: new Map() } as const;
  return { name, when, mode: null, cache: null, verify, action: { kind: "answer", answer } };
}

/** A route that forwards, to a target if one is named. */
export function forwardRoute(name: string, when: Condition, target: string | null = null): Route {
  return { name, when, mode: null, cache: null, verify, action: { kind: "forward", target } };
}

/** Signals of a short English question. */
export function cheapOf(more: Partial<CheapSignals> = {}): CheapSignals {
  return {
    length: score(0.1),
    syntax: score(0.1),
    emotionWords: score(0),
    keywordScore: score(0),
    keywords: [],
    language: "en",
    languageConfidence: probability(0.98),
    structure: { hasCode: false, numbers: 0, questions: 1, lines: 1 },
    turns: 1,
    characters: 20,
    ...more,
  };
}

/** A label with its probability. */
export function scored(label: string, confidence: number): Scored {
  return { label, confidence: probability(confidence) };
}

/** What the model said of a sure greeting. */
export function modelOf(more: Partial<ModelSignals> = {}): ModelSignals {
  return {
    task: scored("greeting", 0.97),
    sentiment: null,
    emotion: score(0),
    uncertainty: score(0.03),
    injection: probability(0.01),
    inScope: probability(0.9),
    difficulty: null,
    intent: null,
    isReadable: true,
    isByCharacters: false,
    taskBy: "model",
    ...more,
  };
}

/** Signals with the model's part known. */
export function knownSignals(model: ModelSignals, cheap: CheapSignals = cheapOf()): Signals {
  const classification = {
    embedding: new Float32Array(384),
    heads: new Map(),
    flags: new Map(),
    tokens: 5,
    unknownShare: 0,
    model: "test",
  };
  return { cheap, model: { kind: "known", signals: model, classification } };
}

/** For policies whose routes generate nothing. */
export const noGenerator: Generator = {
  generate: () => Promise.resolve({ kind: "fault", reason: "generator_unavailable" }),
  isReady: () => false,
};

/** A route's answer with the sentiment, as a policy has it that says no more. */
export function labelAnswerOf(more: Partial<LabelAnswer> = {}): LabelAnswer {
  return {
    kind: "label",
    head: "sentiment",
    names: ["negative", "neutral", "positive"],
    own: null,
    maxWrong: null,
    confidence: { op: ">=", value: 0.9 },
    labels: new Map(),
    format: null,
    after: null,
    ...more,
  };
}
