/** The neutral reading view of a call: codecs write it, signals, conditions and answers read it. */
import type { ReasonCode } from "./reasons.ts";

/** Protocols that Sidestep reads; each has one codec of the same name. */
export type Protocol = "openai-chat" | "anthropic-messages";

/** A conversation turn with its text parts joined by newlines. */
export interface Turn {
  readonly role: "user" | "assistant";
  readonly text: string;
}

/** The form the caller wants the answer's content in. */
export type ReplyFormat =
  | { readonly kind: "text" }
  | { readonly kind: "json_object" }
  | { readonly kind: "json_schema"; readonly name: string; readonly schema: JsonObject };

/** A JSON value of unknown shape. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
/** A JSON object of unknown shape. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** What Sidestep understood of a body. The body itself is never rebuilt from this. */
export interface RequestView {
  readonly protocol: Protocol;
  /** The model's name as the caller wrote it; "" when absent. */
  readonly model: string;
  readonly stream: boolean;
  /** OpenAI `stream_options.include_usage`; false elsewhere. */
  readonly includeUsage: boolean;
  /** System and developer texts joined by blank lines; null when the call has none. */
  readonly system: string | null;
  /** User and assistant turns in order. */
  readonly turns: readonly Turn[];
  /** Text of the last turn when a user spoke it, else "". */
  readonly text: string;
  readonly format: ReplyFormat;
  /** Most tokens the caller accepts in the answer; null when not said. */
  readonly maxTokens: number | null;
  /** OpenAI `user` (or `safety_identifier`); null when absent. */
  readonly user: string | null;
  /** Anthropic or OpenAI `metadata.user_id`; null when absent. */
  readonly metadataUserId: string | null;
  /** Whether the call or its history involves tools. */
  readonly hasTools: boolean;
  /** Why no made-up answer may be given; empty when one may. */
  readonly barriers: readonly ReasonCode[];
  /** The parsed body, for cache keys and echoed parameters. */
  readonly body: JsonObject;
}

/** What reading along gave: a view, or why there is none. */
export type Reading =
  | { readonly kind: "view"; readonly view: RequestView }
  | { readonly kind: "unread"; readonly reason: ReasonCode };

/** What the caller asked of us in `x-sidestep-*` and `Cache-Control` request headers. */
export interface Controls {
  readonly mode: "observe" | "bypass" | null;
  readonly cache: "no-store" | "refresh" | null;
  /** A target that the caller wants, named by the policy; null when not asked. */
  readonly target: string | null;
}
