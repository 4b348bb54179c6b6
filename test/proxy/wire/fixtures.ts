/** Replies of providers as recorded shapes, and views to read them with. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { viewOf } from "../../support/builders.ts";
import type { RequestView } from "../../../proxy/core/request.ts";
import type { KeptReply } from "../../../proxy/wire/codec.ts";

const folder = join(import.meta.dirname, "../../fixtures/wire");

export function fixture(name: string): Buffer {
  return readFileSync(join(folder, name));
}

/** A stored reply from a fixture; its name tells the form. */
export function kept(name: string, more: Partial<KeptReply> = {}): KeptReply {
  const isStream = name.endsWith(".sse");
  const contentType = isStream ? "text/event-stream; charset=utf-8" : "application/json";
  return {
    status: 200,
    headers: ["content-type", contentType],
    body: fixture(name),
    isStream,
    includesUsage: false,
    ...more,
  };
}

export function openAiView(more: Partial<RequestView> = {}): RequestView {
  return viewOf("Where is my order?", more);
}

export function anthropicView(more: Partial<RequestView> = {}): RequestView {
  return viewOf("Where is my order?", {
    protocol: "anthropic-messages",
    model: "claude-haiku-4-5",
    maxTokens: 100,
    ...more,
  });
}
