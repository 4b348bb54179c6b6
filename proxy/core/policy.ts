/** The compiled policy: a frozen snapshot that the policy folder builds and every layer reads. */
import type { Protocol } from "./request.ts";

/** Whether decisions are carried out or only recorded. */
export type Mode = "enforce" | "observe";

/** A comparison with a number, e.g. `>= 0.90`. */
export interface Bound {
  readonly op: ">=" | ">" | "<=" | "<" | "=";
  readonly value: number;
}

/** What a route says of system prompts. */
export type SystemRule =
  | { readonly kind: "any" }
  | { readonly kind: "none" }
  | { readonly kind: "contains"; readonly text: string }
  | { readonly kind: "sha256"; readonly hex: string };

/** A compiled condition; `of` lists nest. */
export type Condition =
  | { readonly kind: "all"; readonly of: readonly Condition[] }
  | { readonly kind: "any"; readonly of: readonly Condition[] }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "task"; readonly oneOf: readonly string[] }
  | { readonly kind: "intent"; readonly oneOf: readonly string[] }
  | { readonly kind: "sentiment"; readonly oneOf: readonly string[] }
  | { readonly kind: "language"; readonly oneOf: readonly string[] }
  /** Keyword groups of `complexity.keywords`, of which at least one was hit. */
  | { readonly kind: "keywords"; readonly oneOf: readonly string[] }
  /** The last user turn matches a regular expression (linear-time subset, case-insensitive). */
  | { readonly kind: "text"; readonly matches: RegExp }
  | { readonly kind: "model"; readonly oneOf: readonly string[] }
  | { readonly kind: "protocol"; readonly oneOf: readonly Protocol[] }
  | { readonly kind: "stream"; readonly is: boolean }
  | { readonly kind: "tools"; readonly is: boolean }
  /** True only while the call's provider is down and `outage.answer` allows answering. */
  | { readonly kind: "outage"; readonly is: boolean }
  /** Who calls, of those that the policy names. */
  | { readonly kind: "caller"; readonly oneOf: readonly string[] }
  /** Calibrated confidence of the route's task or intent, whichever it names. */
  | {
      readonly kind: "confidence";
      readonly of: "task" | "intent" | "sentiment";
      readonly is: Bound;
    }
  | { readonly kind: "complexity"; readonly is: Bound }
  | { readonly kind: "in_scope"; readonly is: Bound }
  | { readonly kind: "injection"; readonly is: Bound }
  | { readonly kind: "difficulty"; readonly is: Bound }
  | { readonly kind: "turns"; readonly is: Bound }
  /** Characters of the last user turn. */
  | { readonly kind: "length"; readonly is: Bound }
  | { readonly kind: "max_wrong"; readonly of: "task" | "intent"; readonly share: number }
  | { readonly kind: "system"; readonly is: SystemRule }
  /** `value` "*" means present; otherwise equal, case-insensitive. */
  | { readonly kind: "header"; readonly name: string; readonly value: string };

/** How a label reaches the application. */
export interface LabelAnswer {
  readonly kind: "label";
  /** The model's head, "intent" for the policy's own intents, "own" for labels of this route, or a rule of ours. */
  readonly head: string;
  /** Every label that may be given. */
  readonly names: readonly string[];
  /** Labels that this route gives by examples, fitted as intents are; null for every other head. */
  readonly own: readonly Intent[] | null;
  readonly confidence: Bound;
  /** Largest estimated share wrong; null when only the confidence counts. */
  readonly maxWrong: number | null;
  /** The application's word for each of the head's labels; empty when read off its prompt. */
  readonly labels: ReadonlyMap<string, string>;
  /** The reply text with `{label}` in it; null when read off the prompt or the response format. */
  readonly format: string | null;
  /** Text before the classified part of the user's turn, e.g. "Review:"; null when the part is found by its frame. */
  readonly after: string | null;
}

/** A text that the user's own small model writes, greedily: the same call gives the same text. */
export interface GenerateAnswer {
  readonly kind: "generate";
  /** A directory or hub id of a text-generation model. */
  readonly model: string;
  /** What the model reads, `{text}` being the user's last turn; null gives it the conversation. */
  readonly prompt: string | null;
  readonly maxTokens: number;
  /** Texts that end the answer and are not part of it. */
  readonly stop: readonly string[];
  /** Longest wait for the whole text, in milliseconds. */
  readonly timeoutMs: number;
}

/** How a local answer is made. */
export type AnswerSpec =
  | {
      readonly kind: "template";
      /** Texts by language tag; "*" serves every language. `{slot}` is filled from `slots`. */
      readonly texts: ReadonlyMap<string, string>;
      /** Slot name -> a regular expression whose first group (or match) in the user's turn fills it. */
      readonly slots: ReadonlyMap<string, RegExp>;
    }
  | {
      readonly kind: "faq";
      readonly file: string;
      readonly maxWrong: number | null;
      readonly confidence: Bound | null;
    }
  | LabelAnswer
  | GenerateAnswer;

/** What a matched route does. */
export type Action =
  | { readonly kind: "answer"; readonly answer: AnswerSpec }
  | { readonly kind: "forward"; readonly target: string | null }
  | { readonly kind: "refuse"; readonly status: number; readonly message: string };

/** Whose replies may be stored and served again. */
export interface CacheRule {
  readonly mode: "off" | "exact";
  readonly scope: "global" | "user";
  /** Where the call names its user. */
  readonly identity:
    | { readonly kind: "protocol" }
    | { readonly kind: "body.user" }
    | { readonly kind: "body.metadata.user_id" }
    | { readonly kind: "header"; readonly name: string };
  readonly ttlMs: number;
  /** Whether calls that offer tools may be stored. */
  readonly tools: boolean;
}

/** How often answers given in the pod are held against the cloud's. */
export interface VerifyRule {
  /** Share in [0, 1] of the answers that is left to the cloud and compared; 0 compares none. */
  readonly sample: number;
  /** Share wrong above which the route only observes. */
  readonly maxWrong: number;
}

/** One rule of the policy; the first whose condition holds decides. */
export interface Route {
  readonly name: string;
  readonly when: Condition;
  readonly mode: Mode | null;
  readonly action: Action;
  readonly cache: CacheRule | null;
  readonly verify: VerifyRule;
}

/** Limits for one upstream; each in milliseconds. */
export interface Timeouts {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
}

/** When a breaker opens and how it closes again. */
export interface BreakerRule {
  /** Share of failed calls in (0, 1] that opens it. */
  readonly errorThreshold: number;
  readonly windowMs: number;
  readonly minRequests: number;
  readonly cooldownMs: number;
}

/** A place where calls go that no route sends elsewhere. */
export interface Provider {
  readonly name: string;
  readonly url: URL;
  readonly protocol: Protocol;
  /** Where it computes, in the policy's words; null when the policy does not say. */
  readonly region: string | null;
  /** `Host` headers of redirected calls that mean this provider, in lower case and without `:80`. */
  readonly hosts: readonly string[];
  /** Replaces the caller's credential; null keeps the caller's. */
  readonly key: string | null;
  readonly timeouts: Timeouts;
  readonly breaker: BreakerRule;
  /** Further attempts before the first byte, on failures to connect only. */
  readonly retries: number;
  /** Whether the caller's `baggage` header goes on to it. */
  readonly sendsBaggage: boolean;
}

/** USD per million tokens, as of a date. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Input that the provider's prompt cache has; what is absent costs what input costs. */
  readonly cacheRead?: number | undefined;
  /** Input that it takes, and what it keeps for an hour. */
  readonly cacheWrite?: number | undefined;
  readonly cacheWriteHour?: number | undefined;
  readonly asOf: string;
}

/** A named place a route may send a call to. */
export interface Target {
  readonly name: string;
  /** The provider, with this target's own timeouts and breaker. */
  readonly provider: Provider;
  /** Spliced into the caller's body; null keeps the caller's model. */
  readonly model: string | null;
  /** Top-level body parameters that are spliced in. */
  readonly params: ReadonlyMap<string, string | number | boolean>;
  readonly price: Price | null;
}

/** Example sentences of one intent. */
export interface Intent {
  readonly name: string;
  readonly examples: readonly string[];
  /** Sentences that look alike but are not meant. */
  readonly not: readonly string[];
}

/** One question of a FAQ file. */
export interface FaqEntry {
  readonly id: string;
  readonly questions: readonly string[];
  readonly answer: string;
  readonly language: string;
}

/** A FAQ file, read and checked. */
export interface Faq {
  readonly file: string;
  readonly entries: readonly FaqEntry[];
}

/** The signals that complexity weighs. */
export type ComplexitySignal =
  | "length"
  | "syntax"
  | "uncertainty"
  | "emotion"
  | "difficulty"
  | "keywords";

/** What of a call's content the audit log holds, masked. */
export interface AuditContent {
  readonly request: boolean;
  readonly reply: boolean;
  readonly maxChars: number;
}

/** The audit log: where, how it is written, and what it may hold. */
export interface AuditRule {
  /** An absolute path, or `stdout`; null writes none. */
  readonly file: string | null;
  readonly flushMs: number;
  /** A file that would grow beyond is rotated first. */
  readonly maxBytes: number;
  /** Rotated files that are kept. */
  readonly keep: number;
  /** Salts the hash of callers' credentials; null takes one that the process makes. */
  readonly salt: string | null;
  /** Null keeps none. */
  readonly content: AuditContent | null;
}

/** Who may call. */
export interface CallerRule {
  readonly name: string;
  /** SHA-256 of each of its keys, as lower-case hex. */
  readonly hashes: readonly string[];
}

/** The compiled policy. Deep-frozen: nothing changes it after load. */
export interface Policy {
  /** First 12 hex digits of `hash`. */
  readonly revision: string;
  /** SHA-256 over all source texts. */
  readonly hash: string;
  readonly files: readonly string[];
  readonly mode: Mode;
  /** Bundled name, directory or hub id; null runs without a model. */
  readonly model: string | null;
  readonly providers: ReadonlyMap<string, Provider>;
  /** Every provider's `hosts` -> its name. */
  readonly hosts: ReadonlyMap<string, string>;
  /** Null lets in whoever can reach the listener. */
  readonly callers: readonly CallerRule[] | null;
  readonly deny: readonly Condition[];
  readonly intents: readonly Intent[];
  readonly targets: ReadonlyMap<string, Target>;
  readonly weights: ReadonlyMap<ComplexitySignal, number>;
  /** Group name -> lower-case words or phrases. */
  readonly keywords: ReadonlyMap<string, readonly string[]>;
  readonly routes: readonly Route[];
  readonly faqs: ReadonlyMap<string, Faq>;
  readonly cache: CacheRule;
  readonly store: { readonly maxEntries: number; readonly maxBytes: number };
  /** `staleMs` 0 serves nothing stale. `answer` lets routes with `outage: true` speak. */
  readonly outage: { readonly staleMs: number; readonly answer: boolean };
  readonly limits: {
    readonly inspectBytes: number;
    readonly decisionMs: number;
    readonly queue: number;
  };
  readonly audit: AuditRule;
  /** Bounds over all calls; null leaves it to memory and open files. */
  readonly capacity: {
    readonly connections: number | null;
    readonly calls: number;
    readonly bodyBytes: number | null;
    readonly headBytes: number;
  };
  /** Prices by model name; the policy's own before the bundled table's. Longest prefix wins. */
  readonly prices: ReadonlyMap<string, Price>;
}
