/** The table of codecs: what is claimed, and what is left to the relay. */
import { describe, expect, it } from "vitest";
import { codecOf, findCodec } from "../../../proxy/wire/table.ts";

describe("findCodec", () => {
  it.each([
    ["/v1/chat/completions", "openai-chat"],
    ["/chat/completions", "openai-chat"],
    ["/v1/chat/completions?x=1", "openai-chat"],
    ["/v1/messages", "anthropic-messages"],
    ["/messages", "anthropic-messages"],
    ["/v1/messages?beta=true", "anthropic-messages"],
  ] as const)("claims POST %s for %s", (path, protocol) => {
    expect(findCodec("POST", path)?.protocol).toBe(protocol);
    expect(findCodec("POST", path)).toBe(codecOf(protocol));
  });

  it.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "post"])(
    "claims no %s",
    (method) => {
      expect(findCodec(method, "/v1/chat/completions")).toBeNull();
      expect(findCodec(method, "/v1/messages")).toBeNull();
    },
  );

  it.each([
    "/v1/messages/count_tokens",
    "/v1/messages/batches",
    "/v1/messages/",
    "/v1/chat/completions/",
    "/v1/chat/completions/chatcmpl-1",
    "/v1/Chat/Completions",
    "/v1/chat%2Fcompletions",
    "//v1/chat/completions",
    "/v2/chat/completions",
    "/v1/responses",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/models",
    "/v1/files",
    "/v1/batches",
    "/v1/images/generations",
    "/v1/audio/speech",
    "/openai/deployments/d/chat/completions?api-version=2024-10-21",
    "/openai/v1/chat/completions",
    "/v1/deployments/d/chat/completions",
    "/v1/models/g:generateContent",
    "/model/m/converse",
    "/api/chat",
    "/",
    "*",
    "",
  ])("leaves %s to the relay", (path) => {
    expect(findCodec("POST", path)).toBeNull();
  });
});
