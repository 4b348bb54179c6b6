/** A request body as one JSON object, or nothing: the checks that read() and splice() share, so that both see the same call. */
import { isUtf8 } from "node:buffer";
import type { JsonObject } from "../core/request.ts";
import { isObject, parseJson } from "./json.ts";
import { isDeeperThan, topLevelMembers, type Member } from "./json-scan.ts";

/** Deeper nesting than any real call has; what walks a body recursively stays far from its stack's end. */
const deepestNesting = 200;

/** A body that parsed. */
export interface JsonBody {
  readonly object: JsonObject;
  readonly members: readonly Member[];
}

/** Null for anything but one UTF-8 JSON object without BOM, without repeated top-level keys, and not absurdly deep. */
export function parseBody(bytes: Buffer): JsonBody | null {
  if (!isUtf8(bytes) || isDeeperThan(bytes, deepestNesting)) return null;
  const object = parseJson(bytes.toString("utf8"));
  if (!isObject(object)) return null;
  const members = topLevelMembers(bytes);
  const isRepeated = new Set(members.map((member) => member.key)).size < members.length;
  return isRepeated ? null : { object, members };
}
