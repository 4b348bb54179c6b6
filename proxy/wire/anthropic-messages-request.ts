/** Reads Anthropic Messages requests: the conversation, the parameters, and what stands in the way of a made-up answer. */
import { headerValues, type HeaderLines } from "../core/http.ts";
import type { Json, JsonObject, Reading, ReplyFormat, Turn } from "../core/request.ts";
import {
  always,
  Barriers,
  between,
  harmless,
  isEmpty,
  oneOf,
  readElsewhere,
  unless,
  type Barrier,
  type Rules,
} from "./barriers.ts";
import { isList, isObject, stringAt } from "./json.ts";
import {
  optionalCount,
  optionalObject,
  requiredObjects,
  requiredString,
  textOf,
  Unreadable,
  valueAt,
  type PartRules,
} from "./request-parts.ts";
import { readBody, type Conversation } from "./request-view.ts";

/** Every top-level parameter that is known; docs/protocols.md lists the same names. */
export const anthropicParameters: Rules = new Map([
  ["model", readElsewhere],
  ["messages", readElsewhere],
  ["system", readElsewhere],
  ["stream", readElsewhere],
  ["max_tokens", readElsewhere],
  ["metadata", readElsewhere],
  ["output_config", readElsewhere],
  ["betas", readElsewhere],
  ["anthropic_beta", readElsewhere],
  ["temperature", harmless(between(0, 1))],
  ["top_p", harmless(between(0, 1))],
  ["top_k", harmless(between(0, Number.MAX_SAFE_INTEGER))],
  ["tools", unless("tools_present", isEmpty)],
  ["tool_choice", unless("tools_present", (value) => isObject(value) && value["type"] === "none")],
  ["stop_sequences", unless("sampling_contract", isEmpty)],
  ["thinking", unless("stateful_feature", isDisabled)],
  ["service_tier", always("stateful_feature")],
  ["speed", unless("stateful_feature", oneOf("standard"))],
  ["cache_control", always("stateful_feature")],
  ["container", always("stateful_feature")],
  ["context_management", always("stateful_feature")],
  ["diagnostics", always("stateful_feature")],
  ["inference_geo", always("stateful_feature")],
  ["mcp_servers", unless("stateful_feature", isEmpty)],
  ["user_profile_id", always("stateful_feature")],
  ["workspace_id", always("stateful_feature")],
]);

const outputConfig: Rules = new Map([
  ["format", readElsewhere],
  ["effort", always("stateful_feature")],
]);

const messageKeys: Rules = new Map([
  ["role", readElsewhere],
  ["content", readElsewhere],
  ["cache_control", always("stateful_feature")],
]);

const parts: PartRules = {
  text: new Map([
    ["type", readElsewhere],
    ["text", readElsewhere],
    ["cache_control", always("stateful_feature")],
    ["citations", unless("not_text_only", isEmpty)],
  ]),
  barrierOf: blockBarrier,
};

/** Betas that change nothing for a call that passes every other rule: they concern tools, caching marks and token limits. */
export const harmlessBetas: ReadonlySet<string> = new Set([
  "extended-cache-ttl-2025-04-11",
  "fine-grained-tool-streaming-2025-05-14",
  "interleaved-thinking-2025-05-14",
  "output-128k-2025-02-19",
  "prompt-caching-2024-07-31",
  "structured-outputs-2025-11-13",
  "token-efficient-tools-2025-02-19",
]);

/** The view of a Messages body, or `body_unreadable`. */
export function readAnthropicMessages(body: Buffer, headers: HeaderLines): Reading {
  return readBody("anthropic-messages", body, (object) => {
    const barriers = new Barriers();
    barriers.check(object, anthropicParameters);
    barriers.add(betaBarrier(object, headers));
    const maxTokens = optionalCount(object, "max_tokens");
    if (maxTokens === null) throw new Unreadable("max_tokens");
    return {
      conversation: conversationOf(object, barriers),
      includeUsage: false,
      format: formatOf(object, barriers),
      maxTokens,
      user: null,
      metadataUserId: stringAt(optionalObject(object, "metadata") ?? {}, "user_id") ?? null,
      barriers,
    };
  });
}

/** Betas are named by header, and by clients of other clouds in the body. */
function betaBarrier(object: JsonObject, headers: HeaderLines): "stateful_feature" | null {
  const named = headerValues(headers, "anthropic-beta").flatMap((value) => value.split(","));
  const listed = [object["betas"] ?? [], object["anthropic_beta"] ?? []].flatMap((value) =>
    isList(value) ? value : [value],
  );
  const betas = [...named, ...listed].map((beta) => (typeof beta === "string" ? beta.trim() : "?"));
  return betas.every((beta) => beta === "" || harmlessBetas.has(beta)) ? null : "stateful_feature";
}

function conversationOf(object: JsonObject, barriers: Barriers): Conversation {
  const system = valueAt(object, "system");
  const systems = system === null ? [] : [textOf(system, parts, barriers)];
  const turns: Turn[] = [];
  const messages = requiredObjects(object, "messages");
  for (const message of messages) {
    barriers.check(message, messageKeys);
    const role = requiredString(message, "role");
    const text = textOf(valueAt(message, "content"), parts, barriers);
    if (role === "system") systems.push(text);
    else if (role === "user" || role === "assistant") turns.push({ role, text });
    else throw new Unreadable("role");
  }
  return { systems, turns, endsWithUser: messages.at(-1)?.["role"] === "user" };
}

function blockBarrier(type: string): Barrier {
  if (/tool|mcp/.test(type)) return "tools_present";
  return /thinking|container|compaction/.test(type) ? "stateful_feature" : "not_text_only";
}

function formatOf(object: JsonObject, barriers: Barriers): ReplyFormat {
  const config = optionalObject(object, "output_config") ?? {};
  barriers.check(config, outputConfig);
  const format = valueAt(config, "format");
  if (format === null) return { kind: "text" };
  const { type, schema } = isObject(format) ? format : {};
  if (type === "json_schema" && isObject(schema)) return { kind: "json_schema", name: "", schema };
  barriers.add("parameter_unknown");
  return { kind: "text" };
}

function isDisabled(value: Json): boolean {
  return isObject(value) && value["type"] === "disabled";
}
