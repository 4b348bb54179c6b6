/** What the demo's application asks and what is expected of each call; script.ts lists them, application.ts makes them. */

export type Decision = "local" | "cache" | "stale" | "forwarded" | "refused" | "error";

/** One call as the application makes it. */
export interface Call {
  readonly sdk: "openai" | "anthropic";
  readonly text: string;
  /** Which of the application's users asks. */
  readonly user: string;
  readonly system: string;
  readonly stream: boolean;
  /** Offers the order look-up tool. */
  readonly tools: boolean;
  /** Asks for a JSON object with the label. */
  readonly schema: boolean;
}

export interface Expectation {
  readonly decision: Decision;
  /** The answer contains this. */
  readonly says?: string;
  /** The sidecar names this reason. */
  readonly reason?: string;
  /** The sidecar names this route. */
  readonly route?: string;
}

/** What a client library gave back. */
export interface Answered {
  readonly answer: string;
  readonly headers: Headers;
}

/** The arguments of the order look-up tool, JSON Schema. */
export const ORDER_ID: {
  type: "object";
  properties: { order_id: { type: "string" } };
  required: string[];
} = {
  type: "object",
  properties: { order_id: { type: "string" } },
  required: ["order_id"],
};

/** How a call came back. */
export interface Outcome {
  readonly decision: Decision;
  readonly reason: string;
  readonly route: string;
  readonly confidence: number | null;
  readonly complexity: number | null;
  /** From the call to the end of its answer, in milliseconds. */
  readonly durationMs: number;
  readonly costUsd: number | null;
  readonly savedUsd: number | null;
  readonly requestId: string;
  /** The answer's words, the tool call, or the error. */
  readonly answer: string;
}

export const SUPPORT: string =
  "You are the support assistant of Acme, a web shop. Answer briefly and kindly.";

const PLAIN = { user: "ann", system: SUPPORT, stream: false, tools: false, schema: false } as const;

export function openAiCall(text: string, more: Partial<Call> = {}): Call {
  return { sdk: "openai", text, ...PLAIN, ...more };
}

export function anthropicCall(text: string, more: Partial<Call> = {}): Call {
  return { sdk: "anthropic", text, ...PLAIN, ...more };
}

/** Why an outcome is not what was expected; null when it is. */
export function complaint(outcome: Outcome, expected: Expectation): string | null {
  for (const name of ["decision", "reason", "route"] as const) {
    const wanted = expected[name];
    if (wanted === undefined || wanted === outcome[name]) continue;
    return `expected ${name} ${wanted}, was ${outcome[name]} (${outcome.decision}, ${outcome.reason})`;
  }
  const { says } = expected;
  if (says === undefined || outcome.answer.includes(says)) return null;
  return `expected "${says}" in the answer, which was "${outcome.answer.slice(0, 80)}"`;
}
