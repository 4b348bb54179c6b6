/** The one table of protocols that are read; a new protocol is a new codec and a new line here. Used by the listener, the layers and the writer. */
import { pathOf } from "../core/http.ts";
import type { Protocol } from "../core/request.ts";
import { anthropicMessages } from "./anthropic-messages.ts";
import type { Codec } from "./codec.ts";
import { openAiChat } from "./openai-chat.ts";

const codecs: Readonly<Record<Protocol, Codec>> = {
  "openai-chat": openAiChat,
  "anthropic-messages": anthropicMessages,
};

/** The codec of a protocol. */
export function codecOf(protocol: Protocol): Codec {
  return codecs[protocol];
}

/** The codec that reads a call, or null. `path` is without provider prefix; a query is ignored. */
export function findCodec(method: string, path: string): Codec | null {
  const bare = pathOf(path);
  return Object.values(codecs).find((codec) => codec.claims(method, bare)) ?? null;
}
