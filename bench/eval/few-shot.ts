/** Intents from a few sentences each, drawn by seed from a training split, and the test split that they are asked. */
import { createHash } from "node:crypto";
import { field, normalised, readRows } from "../intents/corpus.ts";

/** Test splits that are scored and never trained or tuned on. */
export interface FewShotSet {
  readonly name: string;
  /** Intent -> its training sentences; none of them stands in an evaluation split. */
  readonly examples: ReadonlyMap<string, readonly string[]>;
  /** An intent that is none of the examples' means that nothing of the policy is meant. */
  readonly asked: readonly { readonly text: string; readonly intent: string }[];
}

/** Which sets there are, with the training split and the test split of each. */
const files: readonly (readonly [string, string, string])[] = [
  ["clinc150", "clinc150_train", "clinc150_test"],
  ["banking77", "banking77_train", "banking77_test"],
];

/** What CLINC150 calls a request that no intent means. */
const outside = "oos";

/** `banned` are normalised texts of all evaluation splits. */
export function readFewShot(data: string, banned: ReadonlySet<string>): readonly FewShotSet[] {
  return files.map(([name, train, test]) => ({
    name,
    examples: examplesOf(data, train, banned),
    asked: readRows(data, test).map((row) => ({
      text: field(row, "text"),
      intent: field(row, "intent"),
    })),
  }));
}

function examplesOf(
  data: string,
  file: string,
  banned: ReadonlySet<string>,
): ReadonlyMap<string, readonly string[]> {
  const rows = readRows(data, file).filter(
    (row) => field(row, "intent") !== outside && !banned.has(normalised(field(row, "text"))),
  );
  const groups = Map.groupBy(rows, (row) => field(row, "intent"));
  return new Map(
    [...groups].map(([intent, own]) => [intent, own.map((row) => field(row, "text"))]),
  );
}

/** The same sentences as the pipeline draws for the base encoder: by a hash of seed and text. */
export function drawn(texts: readonly string[], seed: number, shots: number): readonly string[] {
  return [...new Set(texts)]
    .map((text) => ({ text, order: hashOf(`few-shot:${seed}:${text}`) }))
    .toSorted((a, b) => (a.order < b.order ? -1 : 1))
    .slice(0, shots)
    .map(({ text }) => text);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
