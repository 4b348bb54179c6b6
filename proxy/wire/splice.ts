/** Replaces or inserts top-level JSON values inside the caller's own bytes and leaves every other byte as it was; used by forward. */
import type { Json } from "../core/request.ts";
import { parseBody } from "./json-body.ts";
import { topLevelMembers, type Member } from "./json-scan.ts";

/** The body with `edits` made (top-level key -> new value); null when that cannot be done surely. */
export function splice(body: Buffer, edits: ReadonlyMap<string, Json>): Buffer | null {
  if (parseBody(body) === null) return null;
  const members = topLevelMembers(body);
  const pieces: Buffer[] = [];
  let copied = 0;
  for (const { key, valueStart, valueEnd } of members) {
    const value = edits.get(key);
    if (value === undefined) continue;
    pieces.push(body.subarray(copied, valueStart), Buffer.from(JSON.stringify(value)));
    copied = valueEnd;
  }
  const end = insertionPoint(body, members);
  pieces.push(body.subarray(copied, end), insertion(members, edits), body.subarray(end));
  return Buffer.concat(pieces);
}

/** Behind the last member's value, or behind the opening brace. */
function insertionPoint(body: Buffer, members: readonly Member[]): number {
  return members.at(-1)?.valueEnd ?? body.indexOf("{") + 1;
}

function insertion(members: readonly Member[], edits: ReadonlyMap<string, Json>): Buffer {
  const present = new Set(members.map((member) => member.key));
  const added = [...edits]
    .filter(([key]) => !present.has(key))
    .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  const lead = members.length > 0 && added.length > 0 ? "," : "";
  return Buffer.from(lead + added.join(","));
}
