/** Turns message contents, a string or a list of parts, into text; shared by the protocols' readers. */

import { isObject, objectsOf, stringOf } from "./json.ts";
import type { JsonObject } from "./json.ts";

export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return objectsOf(content)
    .map((part) => stringOf(part["text"]) ?? stringOf(part["refusal"]) ?? "")
    .filter((text) => text !== "")
    .join("\n");
}

/** The text of the last message of one of these roles; empty when there is none. */
export function lastText(messages: readonly JsonObject[], role: string): string {
  const found = messages.findLast(
    (message) => message["role"] === role && textOf(message["content"]) !== "",
  );
  return found === undefined ? "" : textOf(found["content"]);
}

export function allText(messages: readonly JsonObject[], roles: readonly string[]): string {
  return messages
    .filter((message) => roles.includes(stringOf(message["role"]) ?? ""))
    .map((message) => textOf(message["content"]))
    .join("\n");
}

/** The object at `name`, or an empty one. */
export function objectAt(body: JsonObject, name: string): JsonObject {
  const value = body[name];
  return isObject(value) ? value : {};
}
