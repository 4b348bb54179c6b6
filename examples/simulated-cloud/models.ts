/** The lists of models: OpenAI's and Anthropic's forms of `GET /v1/models` and `/v1/models/{id}`. */

import { errorReply } from "./error-reply.ts";
import type { Protocol } from "./error-reply.ts";
import type { JsonObject } from "./json.ts";
import { anthropicHeaders, openAiHeaders } from "./provider-headers.ts";
import { jsonReply } from "./reply.ts";
import type { CallContext, Reply } from "./reply.ts";

const OPENAI_MODELS = ["gpt-4o", "gpt-4o-mini", "gpt-5", "gpt-5-mini", "text-embedding-3-small"];
const ANTHROPIC_MODELS = ["claude-sonnet-4-5", "claude-haiku-4-5", "claude-3-haiku-20240307"];
const CREATED_S = 1_735_689_600;

export function answerModels(
  protocol: Protocol,
  id: string | undefined,
  context: CallContext,
): Reply {
  const headers = protocol === "openai" ? openAiHeaders(context, 0) : anthropicHeaders(context, 0);
  const names = protocol === "openai" ? OPENAI_MODELS : ANTHROPIC_MODELS;
  const describe = protocol === "openai" ? openAiModel : anthropicModel;
  if (id === undefined) return jsonReply(200, headers, list(protocol, names.map(describe)));
  if (names.includes(id)) return jsonReply(200, headers, describe(id));
  const message = `The model '${id}' does not exist`;
  return errorReply(protocol, { status: 404, message, param: "model" }, context);
}

function list(protocol: Protocol, data: readonly JsonObject[]): JsonObject {
  if (protocol === "openai") return { object: "list", data };
  const first = data[0]?.["id"] ?? null;
  return { data, has_more: false, first_id: first, last_id: data.at(-1)?.["id"] ?? null };
}

function openAiModel(id: string): JsonObject {
  return { id, object: "model", created: CREATED_S, owned_by: "system" };
}

function anthropicModel(id: string): JsonObject {
  const createdAt = new Date(CREATED_S * 1000).toISOString();
  return { type: "model", id, display_name: id, created_at: createdAt };
}
