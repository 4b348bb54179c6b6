/** OpenAI embeddings and model list; vectors depend on the text alone, base64 when asked as openai-node does. */

import { errorReply } from "./error-reply.ts";
import { isArray, numberOf } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { openAiHeaders } from "./provider-headers.ts";
import { fraction } from "./random.ts";
import { jsonReply } from "./reply.ts";
import type { CallContext, Reply } from "./reply.ts";
import { countTokens } from "./tokens.ts";

export function answerEmbeddings(body: JsonObject, context: CallContext): Reply {
  const input = typeof body["input"] === "string" ? [body["input"]] : body["input"];
  if (!isArray(input) || input.length === 0) {
    const message = "'$.input' is invalid. Please check the API reference.";
    return errorReply("openai", { status: 400, message }, context);
  }
  const size = Math.min(4096, Math.max(1, numberOf(body["dimensions"]) ?? 384));
  const texts = input.map((item) => (typeof item === "string" ? item : JSON.stringify(item)));
  const tokens = texts.reduce((sum, text) => sum + countTokens(text), 0);
  const data = texts.map((text, index) => {
    const vector = vectorOf(text, size);
    const encoded = body["encoding_format"] === "base64" ? base64Of(vector) : vector;
    return { object: "embedding", index, embedding: encoded };
  });
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  const whole = { object: "list", data, model: body["model"], usage };
  return jsonReply(200, openAiHeaders(context, tokens), whole);
}

function vectorOf(text: string, size: number): readonly number[] {
  const raw = Array.from({ length: size }, (_, index) => fraction(text, index) - 0.5);
  const norm = Math.hypot(...raw);
  return raw.map((value) => Math.fround(value / norm));
}

function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString("base64");
}
