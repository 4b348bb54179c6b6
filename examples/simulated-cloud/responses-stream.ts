/** The events of a streamed OpenAI Responses reply, in the provider's order. */

import type { Completion } from "./completion.ts";
import { objectsOf, stringOf } from "./json.ts";
import type { JsonObject } from "./json.ts";
import type { Frame } from "./reply.ts";
import { tokenize } from "./tokens.ts";

interface Step {
  readonly type: string;
  readonly data: JsonObject;
  readonly tokens: number;
}

export function responseFrames(response: JsonObject, completion: Completion): readonly Frame[] {
  const begun = { ...response, status: "in_progress", completed_at: null, output: [], usage: null };
  const opening = { ...begun, incomplete_details: null };
  const ending = completion.finish === "length" ? "response.incomplete" : "response.completed";
  const steps = [
    step("response.created", { response: opening }),
    step("response.in_progress", { response: opening }),
    ...objectsOf(response["output"]).flatMap((item, index) => itemSteps(item, index)),
    step(ending, { response }),
  ];
  return steps.map(({ type, data, tokens }, number) => {
    const body = JSON.stringify({ type, sequence_number: number, ...data });
    return { text: `event: ${type}\ndata: ${body}\n\n`, tokens };
  });
}

function itemSteps(item: JsonObject, outputIndex: number): readonly Step[] {
  const empty =
    item["type"] === "message"
      ? { ...item, status: "in_progress", content: [] }
      : { ...item, status: "in_progress", arguments: "" };
  const at = { item_id: item["id"], output_index: outputIndex };
  return [
    step("response.output_item.added", { output_index: outputIndex, item: empty }),
    ...(item["type"] === "message" ? textSteps(item, at) : callSteps(item, at)),
    step("response.output_item.done", { output_index: outputIndex, item }),
  ];
}

function textSteps(item: JsonObject, at: JsonObject): readonly Step[] {
  const part = objectsOf(item["content"])[0] ?? {};
  const text = stringOf(part["text"]) ?? "";
  const place = { ...at, content_index: 0 };
  return [
    step("response.content_part.added", { ...place, part: { ...part, text: "" } }),
    ...tokenize(text).map((piece) =>
      step(
        "response.output_text.delta",
        { ...place, delta: piece, logprobs: [], obfuscation: "" },
        1,
      ),
    ),
    step("response.output_text.done", { ...place, text, logprobs: [] }),
    step("response.content_part.done", { ...place, part }),
  ];
}

function callSteps(item: JsonObject, at: JsonObject): readonly Step[] {
  const text = stringOf(item["arguments"]) ?? "";
  return [
    ...tokenize(text).map((piece) =>
      step("response.function_call_arguments.delta", { ...at, delta: piece }, 1),
    ),
    step("response.function_call_arguments.done", { ...at, name: item["name"], arguments: text }),
  ];
}

function step(type: string, data: JsonObject, tokens: number = 0): Step {
  return { type, data, tokens };
}
