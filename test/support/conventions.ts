/** The names that spans may use, with their types: the public semantic conventions as far as they concern us, and our own. */

/** What OTLP writes. */
export type AttributeType = "string" | "int" | "double" | "boolean" | "string[]";

/** From the registry: HTTP, URL, server and error (stable), and generative AI (development). */
export const registry: Readonly<Record<string, AttributeType>> = {
  "error.type": "string",
  "http.request.method": "string",
  "http.request.method_original": "string",
  "http.request.resend_count": "int",
  "http.response.status_code": "int",
  "http.route": "string",
  "server.address": "string",
  "server.port": "int",
  "url.path": "string",
  "url.scheme": "string",
  "gen_ai.operation.name": "string",
  "gen_ai.provider.name": "string",
  "gen_ai.request.model": "string",
  "gen_ai.request.stream": "boolean",
  "gen_ai.response.time_to_first_chunk": "double",
  "gen_ai.input.messages": "string",
  "gen_ai.output.messages": "string",
  "gen_ai.system_instructions": "string",
  "gen_ai.response.finish_reasons": "string[]",
  "gen_ai.response.model": "string",
  "gen_ai.usage.input_tokens": "int",
  "gen_ai.usage.output_tokens": "int",
  "gen_ai.usage.cache_read.input_tokens": "int",
  "gen_ai.usage.cache_creation.input_tokens": "int",
};

/** Deprecated in the registry; written only where the environment asks for older names. */
export const deprecated: Readonly<Record<string, AttributeType>> = { "gen_ai.system": "string" };

/** Names that the conventions do not have. */
const ours: Readonly<Record<string, AttributeType>> = {
  "sidestep.age_seconds": "double",
  "sidestep.cache.outcome": "string",
  "sidestep.caller": "string",
  "sidestep.classifier": "string",
  "sidestep.compared.by": "string",
  "sidestep.compared.outcome": "string",
  "sidestep.complexity": "double",
  "sidestep.confidence": "double",
  "sidestep.cost_usd": "double",
  "sidestep.decision": "string",
  "sidestep.ending": "string",
  "sidestep.overhead_ms": "double",
  "sidestep.policy.revision": "string",
  "sidestep.provider": "string",
  "sidestep.reason": "string",
  "sidestep.request_id": "string",
  "sidestep.route": "string",
  "sidestep.saved_usd": "double",
  "sidestep.signal.difficulty": "double",
  "sidestep.signal.emotion": "double",
  "sidestep.signal.in_scope": "double",
  "sidestep.signal.injection": "double",
  "sidestep.signal.intent": "string",
  "sidestep.signal.intent_score": "double",
  "sidestep.signal.language": "string",
  "sidestep.signal.sentiment": "string",
  "sidestep.signal.sentiment_score": "double",
  "sidestep.signal.task": "string",
  "sidestep.signal.task_score": "double",
  "sidestep.signal.uncertainty": "double",
  "sidestep.stream.ms_per_token": "double",
  "sidestep.target": "string",
  "sidestep.would.decision": "string",
  "sidestep.would.reason": "string",
};

const known: Readonly<Record<string, AttributeType>> = { ...registry, ...ours };

/** Why an attribute is not as the conventions have it; null when it is. A whole number is a double, too. */
export function breach(key: string, type: AttributeType): string | null {
  const wanted = known[key];
  if (wanted === undefined) return `${key} is in no registry`;
  const isAsWanted = type === wanted || (wanted === "double" && type === "int");
  return isAsWanted ? null : `${key} is ${type} and not ${wanted}`;
}
