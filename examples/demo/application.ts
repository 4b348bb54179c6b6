/** The demo's application: the official openai and anthropic packages, pointed at the sidecar and otherwise untouched. */

import Anthropic, { APIError as AnthropicError } from "@anthropic-ai/sdk";
import OpenAI, { APIError as OpenAIError } from "openai";
import { askAnthropic } from "./ask-anthropic.ts";
import { askOpenAi } from "./ask-openai.ts";
import type { Answered, Call, Decision, Outcome } from "./call.ts";

export interface Application {
  /** Never rejects: an error of the client becomes an outcome. */
  readonly call: (call: Call) => Promise<Outcome>;
}

export function applicationFor(url: string): Application {
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-demo" });
  const anthropic = new Anthropic({ baseURL: url, apiKey: "sk-demo" });
  return {
    call: async (call) => {
      const startMs = performance.now();
      const answered = await answerOrError(() =>
        call.sdk === "openai" ? askOpenAi(openai, call) : askAnthropic(anthropic, call),
      );
      return outcomeOf(answered, performance.now() - startMs);
    },
  };
}

async function answerOrError(ask: () => Promise<Answered>): Promise<Answered | Error> {
  try {
    return await ask();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function outcomeOf(answered: Answered | Error, durationMs: number): Outcome {
  const failed = answered instanceof Error;
  const headers = failed ? headersOf(answered) : answered.headers;
  const said = (name: string): string => headers.get(`x-sidestep-${name}`) ?? "";
  return {
    decision: failed ? "error" : decisionOf(said("decision")),
    reason: said("reason") || (failed ? answered.constructor.name : ""),
    route: said("route"),
    confidence: numberOf(said("confidence")),
    complexity: numberOf(said("complexity")),
    durationMs,
    costUsd: numberOf(said("cost")),
    savedUsd: numberOf(said("saved")),
    requestId: said("request-id"),
    answer: failed ? answered.message : answered.answer,
  };
}

function headersOf(error: Error): Headers {
  const isApi = error instanceof OpenAIError || error instanceof AnthropicError;
  return new Headers(isApi ? (error.headers ?? {}) : {});
}

const DECISIONS: readonly Decision[] = ["local", "cache", "stale", "forwarded", "refused"];

function decisionOf(word: string): Decision {
  return DECISIONS.find((decision) => decision === word) ?? "error";
}

function numberOf(text: string): number | null {
  return text === "" || Number.isNaN(Number(text)) ? null : Number(text);
}
