/** Errors in each protocol's own form. */

import { identifier } from "./random.ts";
import { jsonReply } from "./reply.ts";
import type { CallContext, HeaderList, Reply } from "./reply.ts";

export type Protocol = "openai" | "anthropic";

interface Problem {
  readonly status: number;
  readonly message: string;
  readonly param?: string | null;
  readonly headers?: HeaderList;
}

const OPENAI_TYPES: Readonly<Record<number, readonly [type: string, code: string | null]>> = {
  400: ["invalid_request_error", null],
  401: ["invalid_request_error", "invalid_api_key"],
  404: ["invalid_request_error", "unknown_url"],
  429: ["requests", "rate_limit_exceeded"],
  500: ["server_error", null],
  503: ["server_error", "service_unavailable"],
};

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  504: "timeout_error",
  529: "overloaded_error",
};

export function errorReply(protocol: Protocol, problem: Problem, context: CallContext): Reply {
  const id = requestId(protocol, context);
  const headers: HeaderList = [
    [protocol === "openai" ? "x-request-id" : "request-id", id],
    ...(problem.headers ?? []),
  ];
  return jsonReply(problem.status, headers, errorBody(protocol, problem, id));
}

/** The event a provider sends when it fails in the middle of a stream. */
export function errorEvent(protocol: Protocol, context: CallContext): string {
  const problem = { status: protocol === "openai" ? 500 : 529, message: "Overloaded" };
  const data = JSON.stringify(errorBody(protocol, problem, requestId(protocol, context)));
  return protocol === "openai" ? `data: ${data}\n\n` : `event: error\ndata: ${data}\n\n`;
}

export function requestId(protocol: Protocol, context: CallContext): string {
  const length = protocol === "openai" ? 32 : 24;
  const prefix = protocol === "openai" ? "req_" : "req_01";
  return prefix + identifier(length, "request", context.seed, context.number).toLowerCase();
}

function errorBody(protocol: Protocol, problem: Problem, id: string): unknown {
  const { status, message } = problem;
  if (protocol === "anthropic") {
    const type = ANTHROPIC_TYPES[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
    return { type: "error", error: { type, message }, request_id: id };
  }
  const fallback = status < 500 ? 400 : 500;
  const [type, code] = OPENAI_TYPES[status] ?? OPENAI_TYPES[fallback] ?? ["server_error", null];
  return { error: { message, type, param: problem.param ?? null, code } };
}
