/** What a call asks for, the same for every protocol; made by the protocol files, answered by completion.ts. */

import type { JsonObject } from "./json.ts";

export interface Tool {
  readonly name: string;
  /** JSON Schema of the arguments. */
  readonly parameters: JsonObject;
}

export type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

/** `schema` is null for "any JSON object". */
export type OutputFormat = { readonly schema: JsonObject | null } | undefined;

export interface Ask {
  readonly model: string;
  /** All system and developer text. */
  readonly system: string;
  /** The text of the last user turn. */
  readonly text: string;
  readonly user: string | undefined;
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  /** The conversation ends with a tool's result, so it is time for words. */
  readonly toolResult: string | undefined;
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  readonly format: OutputFormat;
  readonly choices: number;
  readonly promptTokens: number;
}

/** A call the protocol refuses. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly param: string | null;
}
