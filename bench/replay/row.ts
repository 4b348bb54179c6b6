/** One row of the replay's traffic, and the reading of the file. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { array, number, object, parse, picklist, string } from "valibot";
import type { GenericSchema } from "valibot";

export interface Row {
  readonly id: number;
  readonly user: number;
  readonly class: string;
  readonly item: string;
  /** Whose answer it may be: anyone's, that user's only, or never one from the pod. */
  readonly scope: "global" | "user" | "none";
  readonly kind: "asis" | "noisy";
  readonly text: string;
  /** Tokens of the real call whose arrival the row has. */
  readonly azure_in: number;
  readonly azure_out: number;
}

const rowSchema: GenericSchema<unknown, Row> = object({
  id: number(),
  user: number(),
  class: string(),
  item: string(),
  scope: picklist(["global", "user", "none"]),
  kind: picklist(["asis", "noisy"]),
  text: string(),
  azure_in: number(),
  azure_out: number(),
});

/** Gzipped or plain JSON lines; throws with the place when a line is no row. */
export function readRows(file: string): readonly Row[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  return parse(array(rowSchema), lines.map(parsedLine));
}

function parsedLine(line: string, index: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(`line ${index + 1} is no JSON`, { cause: error });
  }
}

/** Lower case, everything but letters, digits and `_` to one space. */
export function normalised(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_]+/gu, " ")
    .trim();
}

const MEANINGS = new Set(["faq", "faq_entity", "greeting", "order_status"]);

/** Whether a policy could have sentences for it: the classes that repeat by meaning, anyone's answer or one's own. */
export function isKnown(row: Row): boolean {
  return row.scope !== "none" && MEANINGS.has(row.class);
}

/** Whether a policy could know the answer: what it knows, if the answer is anyone's. */
export function isAnswerable(row: Row): boolean {
  return row.scope === "global" && isKnown(row);
}
