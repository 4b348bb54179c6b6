/** Turns a decoded body into a view by a protocol's own reader; what is unreadable becomes a reason, never a fault. Used by the codecs. */
import type { Protocol, Reading, ReplyFormat, RequestView, Turn } from "../core/request.ts";
import type { JsonObject } from "../core/request.ts";
import type { Barriers } from "./barriers.ts";
import { parseBody } from "./json-body.ts";
import { optionalBoolean, requiredString, Unreadable } from "./request-parts.ts";

/** The conversation of a call. */
export interface Conversation {
  readonly systems: readonly string[];
  readonly turns: readonly Turn[];
  /** Whether a user spoke last. */
  readonly endsWithUser: boolean;
}

/** What a protocol's reader found beyond what both protocols share. */
export interface Found {
  readonly conversation: Conversation;
  readonly includeUsage: boolean;
  readonly format: ReplyFormat;
  readonly maxTokens: number | null;
  readonly user: string | null;
  readonly metadataUserId: string | null;
  readonly barriers: Barriers;
}

/** A view of `body`, or `body_unreadable`. Whatever `find` throws means unreadable: reading along never fails a call. */
export function readBody(
  protocol: Protocol,
  body: Buffer,
  find: (object: JsonObject) => Found,
): Reading {
  try {
    const object = parseBody(body);
    if (object === null) throw new Unreadable("body");
    return { kind: "view", view: viewOf(protocol, object, find(object)) };
  } catch {
    return { kind: "unread", reason: "body_unreadable" };
  }
}

/** An empty name is nobody's: taken as an identity it would be everybody's. */
function named(user: string | null): string | null {
  return user === null || user.trim() === "" ? null : user;
}

function viewOf(protocol: Protocol, body: JsonObject, found: Found): RequestView {
  const { turns, endsWithUser } = found.conversation;
  const systems = found.conversation.systems.filter((text) => text.trim() !== "");
  const last = turns.at(-1);
  found.barriers.add(endsWithUser ? null : "last_turn_not_user");
  return {
    protocol,
    model: requiredString(body, "model"),
    stream: optionalBoolean(body, "stream"),
    includeUsage: found.includeUsage,
    system: systems.length === 0 ? null : systems.join("\n\n"),
    turns,
    text: last?.role === "user" ? last.text : "",
    format: found.format,
    maxTokens: found.maxTokens,
    user: named(found.user),
    metadataUserId: named(found.metadataUserId),
    hasTools: found.barriers.has("tools_present"),
    barriers: found.barriers.inOrder(),
    body,
  };
}
