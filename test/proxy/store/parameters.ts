/** Every documented parameter of both protocols with two values that ask for different replies. */
import type { Json } from "../../../proxy/core/request.ts";

/** Parameter, one value, another value. */
export type Pair = readonly [name: string, one: Json, other: Json];

const schema = (type: string): Json => ({
  type: "json_schema",
  json_schema: { name: "x", strict: true, schema: { type: "object", properties: { a: { type } } } },
});

const tool = (name: string): Json => ({
  type: "function",
  function: { name, description: "d", parameters: { type: "object", properties: {} } },
});

/** OpenAI Chat Completions, `POST /v1/chat/completions`, without stream, stream_options and the user's marks. */
export const chatParameters: readonly Pair[] = [
  ["messages", [{ role: "user", content: "a" }], [{ role: "user", content: "b" }]],
  ["model", "gpt-4o", "gpt-4o-mini"],
  ["audio", { voice: "alloy", format: "wav" }, { voice: "ash", format: "wav" }],
  ["frequency_penalty", 0, 0.1],
  ["function_call", "none", "auto"],
  ["functions", [{ name: "a" }], [{ name: "b" }]],
  ["logit_bias", { "50256": -100 }, { "50256": -99 }],
  ["logprobs", true, false],
  ["max_completion_tokens", 10, 11],
  ["max_tokens", 10, 11],
  ["metadata", { topic: "a" }, { topic: "b" }],
  ["modalities", ["text"], ["text", "audio"]],
  ["moderation", { model: "a" }, { model: "b" }],
  ["n", 1, 2],
  ["parallel_tool_calls", true, false],
  ["prediction", { type: "content", content: "a" }, { type: "content", content: "b" }],
  ["presence_penalty", 0, 0.1],
  ["prompt_cache_key", "a", "b"],
  ["prompt_cache_retention", "in-memory", "24h"],
  ["reasoning_effort", "low", "high"],
  ["response_format", schema("string"), schema("number")],
  ["seed", 1, 2],
  ["service_tier", "auto", "flex"],
  ["stop", "a", ["a"]],
  ["store", true, false],
  ["temperature", 0, 1],
  ["tool_choice", "auto", "none"],
  ["tools", [tool("a")], [tool("b")]],
  ["top_logprobs", 1, 2],
  ["top_p", 0.1, 1],
  ["verbosity", "low", "high"],
  ["web_search_options", {}, { search_context_size: "high" }],
];

/** Anthropic Messages, `POST /v1/messages`, without stream and `metadata.user_id`. */
export const messagesParameters: readonly Pair[] = [
  ["model", "claude-haiku-4-5", "claude-sonnet-4-5"],
  ["messages", [{ role: "user", content: "a" }], [{ role: "user", content: "b" }]],
  ["max_tokens", 10, 11],
  ["cache_control", { type: "ephemeral" }, { type: "ephemeral", ttl: "1h" }],
  ["container", "a", "b"],
  ["context_management", { edits: [] }, { edits: [{ type: "clear_tool_uses_20250919" }] }],
  ["inference_geo", "us", "global"],
  ["mcp_servers", [], [{ type: "url", url: "https://mcp.example", name: "a" }]],
  ["metadata", { other: "a" }, { other: "b" }],
  ["output_config", { effort: "low" }, { effort: "high" }],
  ["output_format", schema("string"), schema("number")],
  ["service_tier", "auto", "standard_only"],
  ["stop_sequences", ["a"], ["b"]],
  ["system", "a", [{ type: "text", text: "a" }]],
  ["temperature", 0, 1],
  ["thinking", { type: "disabled" }, { type: "enabled", budget_tokens: 1024 }],
  ["tool_choice", { type: "auto" }, { type: "any" }],
  ["tools", [{ name: "a", input_schema: {} }], [{ name: "b", input_schema: {} }]],
  ["top_k", 1, 2],
  ["top_p", 0.1, 1],
];

/** Headers by which a reply may differ, with two values each. */
export const tellingHeaders: readonly (readonly [string, string, string])[] = [
  ["authorization", "Bearer one", "Bearer two"],
  ["x-api-key", "one", "two"],
  ["api-key", "one", "two"],
  ["cookie", "session=1", "session=2"],
  ["anthropic-version", "2023-06-01", "2024-01-01"],
  ["anthropic-beta", "a", "a,b"],
  ["openai-organization", "org-1", "org-2"],
  ["openai-project", "proj_1", "proj_2"],
  ["openai-beta", "assistants=v2", "assistants=v1"],
  ["accept-language", "en", "de"],
  ["content-type", "application/json", "text/plain"],
  ["x-app-tenant", "one", "two"],
  ["x-forwarded-user", "ann", "bob"],
  ["x-forwarded-access-token", "one", "two"],
  ["x-forwarded-client-cert", "Hash=1", "Hash=2"],
];

/** Headers that differ between identical calls and never change a reply. */
export const silentHeaders: readonly string[] = [
  "User-Agent",
  "X-Stainless-Retry-Count",
  "x-stainless-timeout",
  "accept",
  "accept-encoding",
  "connection",
  "content-length",
  "host",
  "idempotency-key",
  "traceparent",
  "tracestate",
  "baggage",
  "b3",
  "X-B3-TraceId",
  "X-B3-SpanId",
  "X-B3-ParentSpanId",
  "X-B3-Sampled",
  "X-B3-Flags",
  "x-request-id",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "sec-fetch-mode",
  "cache-control",
  "x-sidestep-cache",
];
