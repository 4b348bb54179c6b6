/** Every text of the public sets that a row may have been made of, by the hashes that the artefact names its rows with. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { field, normalised, readRows } from "../intents/corpus.ts";

/** First bytes of the SHA-256 of a text, in hexadecimal. */
export function keyOf(text: string, bytes: number): string {
  return createHash("sha256")
    .update(text)
    .digest("hex")
    .slice(0, 2 * bytes);
}

/** The same of the text in lower case with runs of other than word characters as one space. */
export function normalKeyOf(text: string, bytes: number): string {
  return keyOf(normalised(text), bytes);
}

/** Texts that the training makes of several fields, or with words in front; by the beginning of the file's name. */
const composed: Readonly<Record<string, (row: Fields) => readonly string[]>> = {
  svamp: (row) => [`${field(row, "Body")} ${field(row, "Question")}`],
  asdiv: (row) => [`${field(row, "body")} ${field(row, "question")}`],
  mbxp_: (row) => [`Complete this function:\n${field(row, "prompt").trim()}`],
  cruxeval: (row) => {
    const call = `${field(row, "code")}\n\nf(${field(row, "input")})`;
    return ["What does this return?\n", "", "Explain this function.\n"].map((said) => said + call);
  },
};

type Fields = Readonly<Record<string, unknown>>;

/** Calls `seen` with every text in the folder, many of them more than once. */
export async function everyText(folder: string, seen: (text: string) => void): Promise<void> {
  for (const file of readdirSync(folder).toSorted()) {
    if (file.endsWith(".jsonl.gz")) readLines(folder, file.slice(0, -".jsonl.gz".length), seen);
    if (file.endsWith(".tsv")) readCells(join(folder, file), seen);
    if (file.endsWith(".parquet")) await readParquet(join(folder, file), seen);
  }
}

function readLines(folder: string, name: string, seen: (text: string) => void): void {
  const [, compose] = Object.entries(composed).find(([start]) => name.startsWith(start)) ?? [];
  for (const row of readRows(folder, name)) {
    everyString(row, seen);
    for (const text of compose?.(row) ?? []) seen(text);
  }
}

function everyString(value: unknown, seen: (text: string) => void): void {
  if (typeof value === "string") {
    seen(value);
    const bare = value.trim();
    if (bare !== value) seen(bare);
  } else if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) everyString(inner, seen);
  }
}

function readCells(path: string, seen: (text: string) => void): void {
  for (const line of readFileSync(path, "utf8").split(/\r?\n/u)) {
    for (const cell of line.split("\t")) seen(cell);
  }
}

async function readParquet(path: string, seen: (text: string) => void): Promise<void> {
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
  for (const row of rows) everyString(row, seen);
}

/** Splits that figures are reported on, and the field that holds the text. */
const evaluationSplits: Readonly<Record<string, string>> = {
  clinc150_val: "text",
  clinc150_test: "text",
  banking77_test: "text",
  bitext_dev: "utterance",
  goemotions_dev: "text",
  hetpqa_dev: "question",
  replay_dev: "text",
};

/** Texts of every evaluation split, by its name. */
export function evaluationTexts(folder: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const [name, key] of Object.entries(evaluationSplits)) {
    found.set(
      name,
      readRows(folder, name).map((row) => field(row, key)),
    );
  }
  const routed = readRows(folder, "llmrouter_pairs").filter((row) => row["split"] === "test");
  found.set(
    "llmrouter_pairs test",
    routed.map((row) => field(row, "prompt")),
  );
  return found;
}
