/** The headers that the real providers add to every successful reply. */

import { requestId } from "./error-reply.ts";
import { identifier } from "./random.ts";
import type { CallContext, HeaderList } from "./reply.ts";

const REQUEST_LIMIT = 10_000;
const TOKEN_LIMIT = 2_000_000;

export function openAiHeaders(context: CallContext, promptTokens: number): HeaderList {
  return [
    ["x-request-id", requestId("openai", context)],
    ["openai-organization", "org-simulated"],
    ["openai-processing-ms", String(Math.round(context.processingMs))],
    ["openai-version", "2020-10-01"],
    ["x-ratelimit-limit-requests", String(REQUEST_LIMIT)],
    ["x-ratelimit-limit-tokens", String(TOKEN_LIMIT)],
    ["x-ratelimit-remaining-requests", String(remaining(REQUEST_LIMIT, context.number))],
    ["x-ratelimit-remaining-tokens", String(remaining(TOKEN_LIMIT, promptTokens))],
    ["x-ratelimit-reset-requests", "6ms"],
    ["x-ratelimit-reset-tokens", `${Math.ceil(promptTokens * 0.03)}ms`],
    // Two cookies, as the real edge sets them: a relay must keep them apart.
    [
      "set-cookie",
      `__cf_bm=${identifier(40, "bm", context.seed, context.number)}; path=/; HttpOnly`,
    ],
    [
      "set-cookie",
      `_cfuvid=${identifier(40, "uv", context.seed, context.number)}; path=/; HttpOnly`,
    ],
  ];
}

export function anthropicHeaders(context: CallContext, inputTokens: number): HeaderList {
  const reset = new Date(Date.now() + 1000).toISOString().replace(/\.\d+Z$/u, "Z");
  return [
    ["request-id", requestId("anthropic", context)],
    ["anthropic-organization-id", "6d6f636b-0000-4000-8000-73696d756c61"],
    ["anthropic-ratelimit-requests-limit", String(REQUEST_LIMIT)],
    ["anthropic-ratelimit-requests-remaining", String(remaining(REQUEST_LIMIT, context.number))],
    ["anthropic-ratelimit-requests-reset", reset],
    ["anthropic-ratelimit-input-tokens-limit", String(TOKEN_LIMIT)],
    ["anthropic-ratelimit-input-tokens-remaining", String(remaining(TOKEN_LIMIT, inputTokens))],
    ["anthropic-ratelimit-input-tokens-reset", reset],
    ["anthropic-ratelimit-output-tokens-limit", String(TOKEN_LIMIT)],
    ["anthropic-ratelimit-output-tokens-remaining", String(TOKEN_LIMIT)],
    ["anthropic-ratelimit-output-tokens-reset", reset],
  ];
}

function remaining(limit: number, used: number): number {
  return limit - (used % limit);
}
