/** What a policy is where it says nothing; compile.ts fills it in and the reference prints it. */
import type {
  AuditContent,
  AuditRule,
  BreakerRule,
  CacheRule,
  ComplexitySignal,
  Policy,
  Timeouts,
} from "../core/policy.ts";

/** Never shorter than what the official clients themselves wait. */
export const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 10_000,
  firstByteMs: 600_000,
  idleMs: 600_000,
};

export const DEFAULT_BREAKER: BreakerRule = {
  errorThreshold: 0.5,
  windowMs: 30_000,
  minRequests: 10,
  cooldownMs: 15_000,
};

export const DEFAULT_CACHE: CacheRule = {
  mode: "off",
  scope: "user",
  identity: { kind: "protocol" },
  ttlMs: 3_600_000,
  tools: false,
};

export const DEFAULT_STORE: Policy["store"] = { maxEntries: 1000, maxBytes: 64 * 1024 ** 2 };

export const DEFAULT_LIMITS: Policy["limits"] = {
  inspectBytes: 1024 ** 2,
  decisionMs: 50,
  queue: 64,
};

export const DEFAULT_AUDIT: AuditRule = {
  file: null,
  flushMs: 1000,
  maxBytes: 64 * 1024 ** 2,
  keep: 10,
  salt: null,
  content: null,
};

export const DEFAULT_AUDIT_CONTENT: AuditContent = { request: true, reply: true, maxChars: 500 };

export const DEFAULT_CAPACITY: Policy["capacity"] = {
  connections: null,
  calls: 1000,
  bodyBytes: null,
  headBytes: 256 * 1024,
};

export const DEFAULT_WEIGHTS: Readonly<Partial<Record<ComplexitySignal, number>>> = {
  length: 0.3,
  syntax: 0.3,
  uncertainty: 0.2,
  emotion: 0.2,
};

/** Base URLs of the providers that a policy may name without one. */
export const KNOWN_URLS: ReadonlyMap<string, string> = new Map([
  ["openai", "https://api.openai.com/v1"],
  ["anthropic", "https://api.anthropic.com"],
]);

export const DEFAULT_MODEL = "support-v1";

/** Share wrong above which a verified route only observes, where it names none. */
export const DEFAULT_VERIFY_MAX_WRONG = 0.02;

/** A label answer's least confidence. */
export const DEFAULT_LABEL_CONFIDENCE = 0.9;

/** A generated answer's bounds. */
export const DEFAULT_GENERATION = { maxTokens: 256, timeoutMs: 5000 } as const;

export const DEFAULT_REFUSAL = { status: 403, message: "The policy refuses this call." } as const;
