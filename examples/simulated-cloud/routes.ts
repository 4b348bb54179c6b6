/** The one table of the protocols that the simulated cloud speaks: method and path to the file that answers. */

import { answerChat } from "./chat-completions.ts";
import { answerEmbeddings } from "./embeddings.ts";
import { errorReply } from "./error-reply.ts";
import type { Protocol } from "./error-reply.ts";
import type { JsonObject } from "./json.ts";
import { answerCountTokens, answerMessages } from "./messages.ts";
import { answerModels } from "./models.ts";
import type { CallContext, Reply } from "./reply.ts";
import { answerResponses } from "./responses.ts";

export interface Call {
  readonly method: string;
  readonly path: string;
  /** Undefined when the body is no JSON object. */
  readonly body: JsonObject | undefined;
  readonly context: CallContext;
}

interface PostRoute {
  readonly protocol: Protocol;
  readonly answer: (body: JsonObject, context: CallContext) => Reply;
}

const POST_ROUTES: Readonly<Record<string, PostRoute>> = {
  "/v1/chat/completions": { protocol: "openai", answer: answerChat },
  "/v1/responses": { protocol: "openai", answer: answerResponses },
  "/v1/embeddings": { protocol: "openai", answer: answerEmbeddings },
  "/v1/messages": { protocol: "anthropic", answer: answerMessages },
  "/v1/messages/count_tokens": { protocol: "anthropic", answer: answerCountTokens },
};

const MODELS = /^\/v1\/models(?:\/(?<id>[^/]+))?$/u;

/** The protocol whose form an answer takes, also that of a refusal. */
export function protocolOf(path: string, headers: CallContext["headers"]): Protocol {
  const route = Object.hasOwn(POST_ROUTES, path) ? POST_ROUTES[path] : undefined;
  if (route !== undefined) return route.protocol;
  const marks = [headers["anthropic-version"], headers["x-api-key"]];
  return marks.some((mark) => mark !== undefined) ? "anthropic" : "openai";
}

export function answerCall(call: Call): Reply {
  const { method, path, body, context } = call;
  const protocol = protocolOf(path, context.headers);
  const models = MODELS.exec(path);
  if (models !== null && (method === "GET" || method === "HEAD")) {
    return answerModels(protocol, models.groups?.["id"], context);
  }
  const route = Object.hasOwn(POST_ROUTES, path) ? POST_ROUTES[path] : undefined;
  if (route === undefined) {
    const message = `Invalid URL (${method} ${path})`;
    return errorReply(protocol, { status: 404, message }, context);
  }
  if (method !== "POST") {
    const message = `Not allowed to ${method} on ${path}.`;
    return errorReply(protocol, { status: 405, message }, context);
  }
  if (body === undefined) {
    const message = "We could not parse the JSON body of your request.";
    return errorReply(protocol, { status: 400, message }, context);
  }
  return route.answer(body, context);
}

export function hasKey(headers: CallContext["headers"]): boolean {
  return ["authorization", "x-api-key", "api-key"].some((name) => headers[name] !== undefined);
}
