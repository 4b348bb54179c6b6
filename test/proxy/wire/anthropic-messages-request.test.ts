/** What is read of Messages requests, and everything that bars a made-up answer. */
import { describe, expect, it } from "vitest";
import type { Json, JsonObject, RequestView } from "../../../proxy/core/request.ts";
import { anthropicMessages } from "../../../proxy/wire/anthropic-messages.ts";
import { anthropicParameters } from "../../../proxy/wire/anthropic-messages-request.ts";

const user = { role: "user", content: "Where is my order?" };
const plain = { model: "claude-haiku-4-5", max_tokens: 100, messages: [user] };

function view(body: JsonObject, headers: readonly string[] = []): RequestView {
  const reading = anthropicMessages.read(Buffer.from(JSON.stringify(body)), headers);
  if (reading.kind === "unread") throw new Error(`${reading.reason}: ${JSON.stringify(body)}`);
  return reading.view;
}

function barriersWith(more: JsonObject): readonly string[] {
  return view({ ...plain, ...more }).barriers;
}

describe("a plain call", () => {
  it("is read whole and has no barrier", () => {
    const body = {
      ...plain,
      stream: true,
      system: [
        { type: "text", text: "Be kind." },
        { type: "text", text: "Be short." },
      ],
      messages: [
        { role: "user", content: "Hello" },
        { role: "assistant", content: [{ type: "text", text: "Hi!", citations: null }] },
        { role: "system", content: "In French." },
        {
          role: "user",
          content: [
            { type: "text", text: "Where is" },
            { type: "text", text: "it?" },
          ],
        },
      ],
      metadata: { user_id: "m-1" },
    };
    expect(view(body)).toEqual({
      protocol: "anthropic-messages",
      model: "claude-haiku-4-5",
      stream: true,
      includeUsage: false,
      system: "Be kind.\nBe short.\n\nIn French.",
      turns: [
        { role: "user", text: "Hello" },
        { role: "assistant", text: "Hi!" },
        { role: "user", text: "Where is\nit?" },
      ],
      text: "Where is\nit?",
      format: { kind: "text" },
      maxTokens: 100,
      user: null,
      metadataUserId: "m-1",
      hasTools: false,
      barriers: [],
      body,
    });
  });

  it("takes null for absent", () => {
    const names = [...anthropicParameters.keys()].filter((key) => !(key in plain));
    const nulls = Object.fromEntries([...names, "unheard_of"].map((key) => [key, null]));
    expect(view({ ...plain, ...nulls })).toMatchObject({
      system: null,
      stream: false,
      barriers: [],
    });
  });

  it("reads a system prompt that is one string", () => {
    expect(view({ ...plain, system: "" }).system).toBeNull();
    expect(view({ ...plain, system: "Be kind." }).system).toBe("Be kind.");
  });
});

describe("parameters that stand in nobody's way", () => {
  it.each([
    { temperature: 1, top_p: 0.5, top_k: 40 },
    { tools: [], tool_choice: { type: "none" } },
    { stop_sequences: [] },
    { thinking: { type: "disabled" } },
    { speed: "standard" },
    { mcp_servers: [] },
    { output_config: {} },
    { betas: ["prompt-caching-2024-07-31"] },
  ])("%j", (more) => {
    expect(barriersWith(more)).toEqual([]);
  });
});

describe("parameters that bar a made-up answer", () => {
  it.each<[string, JsonObject]>([
    ["tools_present", { tools: [{ name: "f", input_schema: {} }] }],
    ["tools_present", { tools: [{ type: "web_search_20250305", name: "web_search" }] }],
    ["tools_present", { tool_choice: { type: "auto" } }],
    ["tools_present", { tool_choice: { type: "tool", name: "f" } }],
    ["tools_present", { tool_choice: "none" }],
    ["sampling_contract", { stop_sequences: ["END"] }],
    ["stateful_feature", { thinking: { type: "enabled", budget_tokens: 1024 } }],
    ["stateful_feature", { thinking: { type: "adaptive" } }],
    ["stateful_feature", { service_tier: "auto" }],
    ["stateful_feature", { service_tier: "standard_only" }],
    ["stateful_feature", { speed: "fast" }],
    ["stateful_feature", { cache_control: { type: "ephemeral" } }],
    ["stateful_feature", { container: "c" }],
    ["stateful_feature", { context_management: { edits: [] } }],
    ["stateful_feature", { diagnostics: { previous_message_id: "msg_1" } }],
    ["stateful_feature", { inference_geo: "us" }],
    ["stateful_feature", { mcp_servers: [{ type: "url", url: "https://e.org", name: "e" }] }],
    ["stateful_feature", { user_profile_id: "u" }],
    ["stateful_feature", { workspace_id: "w" }],
    ["stateful_feature", { output_config: { effort: "low" } }],
    ["stateful_feature", { betas: ["context-1m-2025-08-07"] }],
    ["stateful_feature", { anthropic_beta: ["prompt-caching-2024-07-31", "skills-2025-10-02"] }],
    ["stateful_feature", { betas: "files-api-2025-04-14" }],
    ["stateful_feature", { betas: [7] }],
    ["parameter_unknown", { unheard_of: 1 }],
    ["parameter_unknown", { seed: 1 }],
    ["parameter_unknown", { n: 2 }],
    ["parameter_unknown", { fallbacks: "default" }],
    ["parameter_unknown", { temperature: 1.5 }],
    ["parameter_unknown", { top_k: -1 }],
    ["parameter_unknown", { output_config: { task_budget: 3 } }],
    ["parameter_unknown", { output_config: { format: { type: "regex" } } }],
    ["parameter_unknown", { output_config: { format: "json" } }],
  ])("%s: %j", (barrier, more) => {
    expect(barriersWith(more)).toEqual([barrier]);
  });

  it("covers every parameter of the table but those that are read", () => {
    const judged = [...anthropicParameters].filter(
      ([, rule]) => rule({ any: ["odd", 1] }) !== null,
    );
    expect(judged.length).toBeGreaterThan(14);
    for (const [key] of judged)
      expect(barriersWith({ [key]: { any: ["odd", 1] } })).toHaveLength(1);
  });
});

describe("blocks that bar a made-up answer", () => {
  const text = { type: "text", text: "x" };
  const blocks: [string, JsonObject][] = [
    ["tools_present", { type: "tool_use", id: "t", name: "f", input: {} }],
    ["tools_present", { type: "tool_result", tool_use_id: "t", content: "12" }],
    ["tools_present", { type: "server_tool_use", id: "t", name: "web_search", input: {} }],
    ["tools_present", { type: "web_search_tool_result", tool_use_id: "t", content: [] }],
    ["tools_present", { type: "mcp_tool_use", id: "t" }],
    ["not_text_only", { type: "image", source: { type: "url", url: "x" } }],
    ["not_text_only", { type: "document", source: { type: "text", data: "x" } }],
    ["not_text_only", { type: "search_result", source: "x" }],
    ["not_text_only", { type: "unheard_of" }],
    ["not_text_only", { ...text, citations: [{ type: "char_location" }] }],
    ["stateful_feature", { type: "thinking", thinking: "x", signature: "y" }],
    ["stateful_feature", { type: "redacted_thinking", data: "x" }],
    ["stateful_feature", { type: "container_upload", file_id: "f" }],
    ["stateful_feature", { ...text, cache_control: { type: "ephemeral" } }],
    ["parameter_unknown", { ...text, unheard_of: 1 }],
  ];

  it.each(blocks)("%s in a message: %j", (barrier, block) => {
    const messages = [{ role: "user", content: [block, text] }, user];
    expect(barriersWith({ messages })).toEqual([barrier]);
  });

  it.each(blocks)("%s in the system prompt: %j", (barrier, block) => {
    expect(barriersWith({ system: [text, block] })).toEqual([barrier]);
  });

  it("include marks on whole messages, and an assistant's prefill", () => {
    const marked = { ...user, cache_control: { type: "ephemeral" } };
    expect(barriersWith({ messages: [marked] })).toEqual(["stateful_feature"]);
    expect(barriersWith({ messages: [{ ...user, output_config: {} }] })).toEqual([
      "parameter_unknown",
    ]);
    const prefill = { role: "assistant", content: "{" };
    expect(view({ ...plain, messages: [user, prefill] })).toMatchObject({
      barriers: ["last_turn_not_user"],
      text: "",
    });
  });
});

describe("output formats", () => {
  it("are carried, not barred", () => {
    const schema = { type: "object" };
    const read = view({ ...plain, output_config: { format: { type: "json_schema", schema } } });
    expect(read.format).toEqual({ kind: "json_schema", name: "", schema });
    expect(read.barriers).toEqual([]);
  });
});

describe("beta headers", () => {
  it.each([
    [["Anthropic-Beta", "fine-grained-tool-streaming-2025-05-14"], []],
    [["anthropic-beta", "output-128k-2025-02-19, interleaved-thinking-2025-05-14"], []],
    [["anthropic-beta", ""], []],
    [["anthropic-beta", "skills-2025-10-02"], ["stateful_feature"]],
    [
      ["anthropic-beta", "prompt-caching-2024-07-31", "anthropic-beta", "files-api-2025-04-14"],
      ["stateful_feature"],
    ],
  ])("%j give %j", (headers, barriers) => {
    expect(view(plain, headers).barriers).toEqual(barriers);
  });
});

describe("a body that is no request", () => {
  it.each<Json>([
    {},
    { model: "m", max_tokens: 1 },
    { model: "m", messages: [user] },
    { ...plain, model: 7 },
    { ...plain, max_tokens: "9" },
    { ...plain, max_tokens: 0 },
    { ...plain, max_tokens: 1e300 },
    { ...plain, messages: [] },
    { ...plain, messages: [{ role: "robot", content: "x" }] },
    { ...plain, messages: [{ role: "user", content: null }] },
    { ...plain, messages: [{ role: "user", content: [{ type: "text", text: null }] }] },
    { ...plain, system: 7 },
    { ...plain, system: ["x"] },
    { ...plain, stream: 1 },
    { ...plain, output_config: "x" },
    { ...plain, metadata: [] },
  ])("is unreadable: %j", (body) => {
    const reading = anthropicMessages.read(Buffer.from(JSON.stringify(body)), []);
    expect(reading).toEqual({ kind: "unread", reason: "body_unreadable" });
  });
});
