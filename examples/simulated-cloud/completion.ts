/** Decides what the simulated model says: a dictated answer, a tool call, JSON, a label, or prose. */

import type { Ask, Tool } from "./ask.ts";
import { chooseLabel, labelsIn } from "./label.ts";
import { proseFor } from "./prose.ts";
import type { CallContext } from "./reply.ts";
import { valueFor } from "./schema-value.ts";
import { countTokens, tokenize } from "./tokens.ts";

export interface ToolCall {
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

/** Why the model stopped; the protocols have their own words for it. */
export type Finish = "stop" | "length" | "stop_sequence" | "tools";

export interface Completion {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finish: Finish;
  readonly stopSequence: string | null;
  readonly tokens: number;
}

export function complete(ask: Ask, context: CallContext): Completion {
  const dictated = context.answer(ask.text, ask.user);
  const tool = dictated === undefined ? toolToCall(ask) : undefined;
  if (tool === undefined) return limited(dictated ?? words(ask, context.seed), ask);
  const value = valueFor(tool.parameters, { text: ask.text, seed: context.seed });
  const call: ToolCall = { name: tool.name, arguments: JSON.stringify(value) };
  return {
    text: "",
    toolCalls: [call],
    finish: "tools",
    stopSequence: null,
    tokens: countTokens(call.arguments) + countTokens(call.name),
  };
}

function toolToCall(ask: Ask): Tool | undefined {
  const choice = ask.toolChoice;
  if (choice === "none" || (choice === "auto" && ask.toolResult !== undefined)) return undefined;
  if (typeof choice === "object") return ask.tools.find((tool) => tool.name === choice.name);
  return ask.tools[0];
}

function words(ask: Ask, seed: number): string {
  if (ask.format !== undefined) {
    const schema = ask.format.schema ?? { properties: { answer: { type: "string" } } };
    return JSON.stringify(valueFor(schema, { text: ask.text, seed }));
  }
  const labels = labelsIn(ask.system).length > 0 ? labelsIn(ask.system) : labelsIn(ask.text);
  if (labels.length > 0) return chooseLabel(labels, subject(ask), seed);
  if (ask.toolResult !== undefined) {
    return `Here is what I found: ${ask.toolResult.slice(0, 300)}`;
  }
  return proseFor(ask.text, seed);
}

/** What is to be labelled: the user's turn, less the instruction if it stands there too. */
function subject(ask: Ask): string {
  if (labelsIn(ask.text).length === 0) return ask.text;
  const parts = ask.text.split(/\n|:\s/u).filter((part) => part.trim() !== "");
  return parts.at(-1) ?? ask.text;
}

function limited(text: string, ask: Ask): Completion {
  const stops = ask.stop
    .map((sequence) => ({ sequence, index: text.indexOf(sequence) }))
    .filter(({ sequence, index }) => sequence !== "" && index >= 0)
    .toSorted((a, b) => a.index - b.index);
  const stopped = stops[0];
  const said = stopped === undefined ? text : text.slice(0, stopped.index);
  const pieces = tokenize(said);
  const limit = ask.maxTokens ?? Number.POSITIVE_INFINITY;
  const base = { toolCalls: [], stopSequence: null };
  if (pieces.length > limit) {
    return { ...base, text: pieces.slice(0, limit).join(""), finish: "length", tokens: limit };
  }
  if (stopped !== undefined) {
    const tokens = pieces.length;
    return { ...base, text: said, finish: "stop_sequence", stopSequence: stopped.sequence, tokens };
  }
  return { ...base, text: said, finish: "stop", tokens: pieces.length };
}
