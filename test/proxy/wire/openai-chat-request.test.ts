/** What is read of Chat Completions requests, and everything that bars a made-up answer. */
import { describe, expect, it } from "vitest";
import type { Json, JsonObject, RequestView } from "../../../proxy/core/request.ts";
import { openAiChat } from "../../../proxy/wire/openai-chat.ts";
import { openAiParameters } from "../../../proxy/wire/openai-chat-request.ts";

const user = { role: "user", content: "Where is my order?" };
const plain = { model: "gpt-4o-mini", messages: [user] };

function view(body: JsonObject, headers: readonly string[] = []): RequestView {
  const reading = openAiChat.read(Buffer.from(JSON.stringify(body)), headers);
  if (reading.kind === "unread") throw new Error(`${reading.reason}: ${JSON.stringify(body)}`);
  return reading.view;
}

function barriersWith(more: JsonObject): readonly string[] {
  return view({ ...plain, ...more }).barriers;
}

function format(response_format: Json): unknown {
  return view({ ...plain, response_format }).format;
}

function barriersOf(...messages: readonly Json[]): readonly string[] {
  return view({ ...plain, messages }).barriers;
}

describe("a plain call", () => {
  it("is read whole and has no barrier", () => {
    const body = {
      model: "gpt-4o-mini",
      stream: true,
      stream_options: { include_usage: true, include_obfuscation: false },
      messages: [
        { role: "system", content: "Be kind." },
        {
          role: "developer",
          content: [
            { type: "text", text: "Be" },
            { type: "text", text: "short." },
          ],
        },
        { role: "user", content: "Hello", name: "ada" },
        { role: "assistant", content: "Hi!", refusal: null, annotations: [], tool_calls: [] },
        {
          role: "user",
          content: [
            { type: "text", text: "Where is" },
            { type: "text", text: "it?" },
          ],
        },
      ],
      max_tokens: 9,
      max_completion_tokens: 50,
      user: "u-1",
      safety_identifier: "s-1",
      metadata: { user_id: "m-1", team: "x" },
    };
    expect(view(body)).toEqual({
      protocol: "openai-chat",
      model: "gpt-4o-mini",
      stream: true,
      includeUsage: true,
      system: "Be kind.\n\nBe\nshort.",
      turns: [
        { role: "user", text: "Hello" },
        { role: "assistant", text: "Hi!" },
        { role: "user", text: "Where is\nit?" },
      ],
      text: "Where is\nit?",
      format: { kind: "text" },
      maxTokens: 50,
      user: "u-1",
      metadataUserId: "m-1",
      hasTools: false,
      barriers: [],
      body,
    });
  });

  it("takes null for absent", () => {
    const names = [...openAiParameters.keys()].filter((key) => !(key in plain));
    const nulls = Object.fromEntries([...names, "unheard_of"].map((key) => [key, null]));
    expect(view({ ...plain, ...nulls })).toMatchObject({
      stream: false,
      includeUsage: false,
      system: null,
      maxTokens: null,
      user: null,
      metadataUserId: null,
      barriers: [],
    });
  });

  it("takes an empty name for none, and an empty system prompt too", () => {
    const system = { role: "system", content: " \n" };
    const empty = { user: "", metadata: { user_id: "  " }, messages: [system, user] };
    expect(view({ ...plain, ...empty })).toMatchObject({
      user: null,
      metadataUserId: null,
      system: null,
    });
    const kind = { role: "system", content: "Be kind." };
    expect(view({ ...plain, messages: [system, kind, user] }).system).toBe("Be kind.");
  });

  it("takes max_tokens and safety_identifier where their successors are absent", () => {
    const read = view({ ...plain, max_tokens: 9, safety_identifier: "s-1" });
    expect([read.maxTokens, read.user]).toEqual([9, "s-1"]);
  });

  it("asks for usage only in a stream", () => {
    expect(view({ ...plain, stream_options: { include_usage: true } }).includeUsage).toBe(false);
  });
});

describe("parameters that stand in nobody's way", () => {
  it.each([
    { temperature: 0.7 },
    { temperature: 0, top_p: 1, top_k: 40 },
    { frequency_penalty: -2, presence_penalty: 2 },
    { parallel_tool_calls: false },
    { prompt_cache_key: "k" },
    { tools: [], functions: [], tool_choice: "none", function_call: "none" },
    { store: false, background: false },
    { modalities: ["text"] },
    { n: 1, logprobs: false, top_logprobs: 0, logit_bias: {}, best_of: 1, echo: false },
    { stop: [] },
    { stop: "" },
    { verbosity: "medium", reasoning_effort: "none" },
    { include: [] },
    { response_format: { type: "text" } },
  ])("%j", (more) => {
    expect(barriersWith(more)).toEqual([]);
  });
});

describe("parameters that bar a made-up answer", () => {
  const tool = { type: "function", function: { name: "f", parameters: {} } };
  it.each<[string, JsonObject]>([
    ["tools_present", { tools: [tool] }],
    ["tools_present", { tools: [{ type: "custom", custom: { name: "c" } }] }],
    ["tools_present", { functions: [{ name: "f" }] }],
    ["tools_present", { tool_choice: "auto" }],
    ["tools_present", { tool_choice: "required" }],
    ["tools_present", { tool_choice: { type: "function", function: { name: "f" } } }],
    ["tools_present", { function_call: "auto" }],
    ["tools_present", { function_call: { name: "f" } }],
    ["stored_state", { store: true }],
    ["stored_state", { background: true }],
    ["stored_state", { previous_response_id: "resp_1" }],
    ["stored_state", { conversation: "conv_1" }],
    ["stored_state", { conversation: { id: "conv_1" } }],
    ["stored_state", { prompt: { id: "pmpt_1" } }],
    ["not_text_only", { modalities: ["text", "audio"] }],
    ["not_text_only", { modalities: ["audio"] }],
    ["not_text_only", { modalities: [] }],
    ["not_text_only", { audio: { voice: "x", format: "wav" } }],
    ["not_text_only", { prediction: { type: "content", content: "x" } }],
    ["not_text_only", { web_search_options: {} }],
    ["not_text_only", { moderation: {} }],
    ["sampling_contract", { n: 2 }],
    ["sampling_contract", { n: 0 }],
    ["sampling_contract", { logprobs: true }],
    ["sampling_contract", { top_logprobs: 2 }],
    ["sampling_contract", { logit_bias: { "50256": -100 } }],
    ["sampling_contract", { seed: 0 }],
    ["sampling_contract", { stop: "\n" }],
    ["sampling_contract", { stop: ["END"] }],
    ["sampling_contract", { suffix: "x" }],
    ["sampling_contract", { echo: true }],
    ["sampling_contract", { best_of: 2 }],
    ["sampling_contract", { verbosity: "low" }],
    ["sampling_contract", { verbosity: "high" }],
    ["stateful_feature", { reasoning_effort: "minimal" }],
    ["stateful_feature", { reasoning_effort: "high" }],
    ["stateful_feature", { reasoning: { effort: "low" } }],
    ["stateful_feature", { thinking: { type: "enabled" } }],
    ["stateful_feature", { service_tier: "auto" }],
    ["stateful_feature", { service_tier: "flex" }],
    ["stateful_feature", { service_tier: "priority" }],
    ["stateful_feature", { cache_control: { type: "ephemeral" } }],
    ["stateful_feature", { prompt_cache_options: { mode: "explicit" } }],
    ["stateful_feature", { prompt_cache_retention: "24h" }],
    ["stateful_feature", { include: ["reasoning.encrypted_content"] }],
    ["stateful_feature", { container: "c" }],
    ["stateful_feature", { context_management: {} }],
    ["parameter_unknown", { unheard_of: 1 }],
    ["parameter_unknown", { unheard_of: false }],
    ["parameter_unknown", { __proto__: null, constructor: 1 }],
    ["parameter_unknown", { input: "x" }],
    ["parameter_unknown", { stream_options: { unheard_of: true } }],
    ["parameter_unknown", { stream_options: { include_usage: "yes" } }],
    ["parameter_unknown", { temperature: "hot" }],
    ["parameter_unknown", { temperature: 2.1 }],
    ["parameter_unknown", { top_p: -0.1 }],
    ["parameter_unknown", { presence_penalty: 3 }],
    ["parameter_unknown", { parallel_tool_calls: "no" }],
    ["parameter_unknown", { prompt_cache_key: 7 }],
    ["parameter_unknown", { response_format: "json" }],
    ["parameter_unknown", { response_format: { type: "grammar" } }],
    ["parameter_unknown", { response_format: { type: "json_schema" } }],
    ["parameter_unknown", { response_format: { type: "json_schema", json_schema: { name: 1 } } }],
  ])("%s: %j", (barrier, more) => {
    expect(barriersWith(more)).toEqual([barrier]);
  });

  it("covers every parameter of the table but those that are read", () => {
    const judged = [...openAiParameters].filter(([, rule]) => rule({ any: ["odd", 1] }) !== null);
    expect(judged.length).toBeGreaterThan(30);
    for (const [key] of judged)
      expect(barriersWith({ [key]: { any: ["odd", 1] } })).toHaveLength(1);
  });

  it("names several in the table's order, each once", () => {
    const more = { seed: 1, n: 2, odd: 1, store: true, tools: [{}], thinking: {}, audio: {} };
    expect(
      view({ ...plain, ...more, messages: [user, { role: "assistant", content: "x" }] }),
    ).toMatchObject({
      hasTools: true,
      barriers: [
        "tools_present",
        "stored_state",
        "not_text_only",
        "sampling_contract",
        "stateful_feature",
        "last_turn_not_user",
        "parameter_unknown",
      ],
    });
  });
});

describe("messages that bar a made-up answer", () => {
  const call = { id: "call_1", type: "function", function: { name: "f", arguments: "{}" } };
  const text = { type: "text", text: "x" };
  it.each<[string, Json]>([
    ["tools_present", { role: "assistant", content: null, tool_calls: [call] }],
    [
      "tools_present",
      { role: "assistant", content: null, function_call: { name: "f", arguments: "" } },
    ],
    ["tools_present", { role: "tool", tool_call_id: "call_1", content: "12" }],
    ["tools_present", { role: "function", name: "f", content: null }],
    ["not_text_only", { role: "assistant", audio: { id: "audio_1" } }],
    ["not_text_only", { role: "assistant", content: "x", annotations: [{ type: "url_citation" }] }],
    [
      "not_text_only",
      { role: "user", content: [text, { type: "image_url", image_url: { url: "x" } }] },
    ],
    ["not_text_only", { role: "user", content: [{ type: "input_audio", input_audio: {} }] }],
    ["not_text_only", { role: "user", content: [{ type: "file", file: { file_id: "f" } }] }],
    ["not_text_only", { role: "user", content: [{ type: "unheard_of" }] }],
    ["stateful_feature", { role: "assistant", content: "x", reasoning_content: "y" }],
    ["stateful_feature", { role: "assistant", content: "x", reasoning: "y" }],
    ["stateful_feature", { role: "system", content: "x", cache_control: { type: "ephemeral" } }],
    [
      "stateful_feature",
      { role: "user", content: [{ ...text, cache_control: { type: "ephemeral" } }] },
    ],
    ["stateful_feature", { role: "user", content: [{ ...text, prompt_cache_breakpoint: {} }] }],
    ["parameter_unknown", { role: "user", content: "x", unheard_of: 1 }],
    ["parameter_unknown", { role: "user", content: [{ ...text, unheard_of: 1 }] }],
    ["parameter_unknown", { role: "user", content: "x", name: 7 }],
  ])("%s: %j", (barrier, message) => {
    expect(barriersOf(message, user)).toEqual([barrier]);
  });

  it("are none where an assistant refused", () => {
    const refused = { role: "assistant", content: [{ type: "refusal", refusal: "No." }] };
    expect(barriersOf(user, refused, user)).toEqual([]);
    expect(barriersOf(user, { role: "assistant", content: null, refusal: "No." }, user)).toEqual(
      [],
    );
  });

  it("include a last turn that no user spoke, which leaves the text to the last user only if last", () => {
    expect(barriersOf(user, { role: "assistant", content: "It" })).toEqual(["last_turn_not_user"]);
    expect(barriersOf({ role: "system", content: "x" })).toEqual(["last_turn_not_user"]);
    const read = view({ ...plain, messages: [user, { role: "system", content: "In JSON." }] });
    expect([read.barriers, read.text]).toEqual([["last_turn_not_user"], user.content]);
    expect(view({ ...plain, messages: [user, { role: "assistant", content: "It" }] }).text).toBe(
      "",
    );
  });
});

describe("response formats", () => {
  const schema = { type: "object", properties: { a: { type: "string" } } };
  it("are carried, not barred", () => {
    expect(format({ type: "json_object" })).toEqual({ kind: "json_object" });
    expect(
      format({ type: "json_schema", json_schema: { name: "n", strict: true, schema } }),
    ).toEqual({
      kind: "json_schema",
      name: "n",
      schema,
    });
    expect(format({ type: "json_schema", json_schema: { name: "n" } })).toMatchObject({
      schema: {},
    });
  });
});

describe("beta headers", () => {
  it.each([
    [["OpenAI-Beta", "assistants=v2"], []],
    [["openai-beta", "realtime=v1, assistants=v2"], []],
    [["openai-beta", "something=v1"], ["stateful_feature"]],
    [["openai-beta", "assistants=v2", "openai-beta", "new=v1"], ["stateful_feature"]],
  ])("%j give %j", (headers, barriers) => {
    expect(view(plain, headers).barriers).toEqual(barriers);
  });
});

describe("a body that is no request", () => {
  it.each<Json>([
    [],
    "x",
    7,
    null,
    {},
    { model: "m" },
    { messages: [user] },
    { ...plain, model: "" },
    { ...plain, model: 7 },
    { ...plain, messages: [] },
    { ...plain, messages: {} },
    { ...plain, messages: "hi" },
    { ...plain, messages: ["hi"] },
    { ...plain, messages: [{ content: "x" }] },
    { ...plain, messages: [{ role: "robot", content: "x" }] },
    { ...plain, messages: [{ role: 7, content: "x" }] },
    { ...plain, messages: [{ role: "user" }] },
    { ...plain, messages: [{ role: "user", content: 7 }] },
    { ...plain, messages: [{ role: "user", content: {} }] },
    { ...plain, messages: [{ role: "user", content: ["x"] }] },
    { ...plain, messages: [{ role: "user", content: [{ text: "x" }] }] },
    { ...plain, messages: [{ role: "user", content: [{ type: "text" }] }] },
    { ...plain, messages: [{ role: "user", content: [{ type: "text", text: 7 }] }] },
    { ...plain, stream: "true" },
    { ...plain, stream_options: true },
    { ...plain, max_tokens: "9" },
    { ...plain, max_tokens: 0 },
    { ...plain, max_completion_tokens: 1.5 },
    { ...plain, user: 7 },
    { ...plain, metadata: "x" },
  ])("is unreadable: %j", (body) => {
    const reading = openAiChat.read(Buffer.from(JSON.stringify(body)), []);
    expect(reading).toEqual({ kind: "unread", reason: "body_unreadable" });
  });
});
