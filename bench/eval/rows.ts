/** Reads which rows the model's figures are made on: the artefact holds hashes, labels and FP32 outputs, the texts come from the sets. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import * as v from "valibot";

/** One row of a head's report half. */
export interface EvalRow {
  readonly text: string;
  /** A label, or one digit a label of a sigmoid head. */
  readonly target: string;
  readonly source: string;
  /** What the source groups its rows by, e.g. a category; empty for none. */
  readonly group: string;
  /** Logits of the FP32 graph, and of a regression on the base encoder's embedding. */
  readonly fp32: Float32Array;
  readonly base: Float32Array;
}

/** A head with the rows that could be found. */
export interface HeadRows {
  readonly name: string;
  readonly kind: "softmax" | "sigmoid";
  readonly labels: readonly string[];
  readonly rows: readonly EvalRow[];
  /** Rows whose text stands in no set here. */
  readonly missing: number;
}

/** FP32 embeddings of some texts. */
export interface Embedded {
  readonly text: string;
  readonly vector: Float32Array;
}

/** The whole file. */
export interface EvaluationRows {
  /** SHA-256 of the model that the rows were chosen for. */
  readonly model: string;
  readonly heads: readonly HeadRows[];
  readonly embeddings: readonly Embedded[];
  /** Set -> sentences an intent -> accuracy on the base encoder. */
  readonly baseFewShot: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Most training rows that the base encoder's regressions have seen. */
  readonly baseRows: number;
}

/** One head as the file has it; lists of numbers are packed in base 64. */
interface Head {
  readonly kind: "softmax" | "sigmoid";
  readonly labels: readonly string[];
  readonly targets: readonly string[];
  readonly sources: readonly number[];
  readonly groups: readonly number[];
  /** First bytes of the SHA-256 of each row's text, one behind the other. */
  readonly keys: string;
  /** Texts that templates made, by row. */
  readonly texts: Readonly<Record<string, string>>;
  /** 16-bit multiples of `step` and `base_step`. */
  readonly fp32: string;
  readonly base: string;
}

/** The file as it stands, before its texts are looked up. */
export interface RowsFile {
  readonly model: string;
  readonly step: number;
  readonly base_step: number;
  readonly key_bytes: number;
  readonly heads: Readonly<Record<string, Head>>;
  readonly sources: readonly string[];
  readonly groups: readonly string[];
  readonly embeddings: {
    readonly head: string;
    readonly rows: readonly number[];
    readonly width: number;
    readonly values: string;
  };
  readonly base_few_shot: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly base_rows: number;
}

const headSchema: v.GenericSchema<unknown, Head> = v.object({
  kind: v.picklist(["softmax", "sigmoid"]),
  labels: v.array(v.string()),
  targets: v.array(v.string()),
  sources: v.array(v.number()),
  groups: v.array(v.number()),
  keys: v.string(),
  texts: v.record(v.string(), v.string()),
  fp32: v.string(),
  base: v.string(),
});

const fileSchema: v.GenericSchema<unknown, RowsFile> = v.object({
  format: v.literal(1),
  model: v.string(),
  step: v.number(),
  base_step: v.number(),
  key_bytes: v.number(),
  heads: v.record(v.string(), headSchema),
  sources: v.array(v.string()),
  groups: v.array(v.string()),
  embeddings: v.object({
    head: v.string(),
    rows: v.array(v.number()),
    width: v.number(),
    values: v.string(),
  }),
  base_few_shot: v.record(v.string(), v.record(v.string(), v.number())),
  base_rows: v.number(),
});

/** The file's place in an artefact. */
const rowsFile = "evaluation/rows.json.gz";

/** The file as it stands; its texts are looked up afterwards. */
export function readRowsFile(folder: string): RowsFile {
  const json: unknown = JSON.parse(
    gunzipSync(readFileSync(join(folder, rowsFile))).toString("utf8"),
  );
  return v.parse(fileSchema, json);
}

/** The keys of all rows whose text is not in the file, and the bytes of a key. */
export function wantedKeys(file: RowsFile): ReadonlySet<string> {
  const keys = Object.values(file.heads).flatMap((head) => keysOf(head, file.key_bytes));
  return new Set(keys);
}

/** `texts` are those found for the wanted keys. */
export function joinRows(file: RowsFile, texts: ReadonlyMap<string, string>): EvaluationRows {
  const heads = Object.entries(file.heads).map(([name, head]) => joinHead(name, head, file, texts));
  return {
    model: file.model,
    heads: heads.map(({ all, ...head }) => ({
      ...head,
      rows: all.filter((row) => row !== null),
      missing: all.filter((row) => row === null).length,
    })),
    embeddings: embedded(file, heads.find(({ name }) => name === file.embeddings.head)?.all ?? []),
    baseFewShot: file.base_few_shot,
    baseRows: file.base_rows,
  };
}

function joinHead(
  name: string,
  head: Head,
  file: RowsFile,
  texts: ReadonlyMap<string, string>,
): Omit<HeadRows, "rows" | "missing"> & { readonly all: readonly (EvalRow | null)[] } {
  const { kind, labels } = head;
  const keys = keysOf(head, file.key_bytes);
  const fp32 = matrix(head.fp32, labels.length, file.step);
  const base = matrix(head.base, labels.length, file.base_step);
  const all = head.targets.map((target, at) => {
    const text = head.texts[String(at)] ?? texts.get(keys[at] ?? "");
    if (text === undefined) return null;
    return {
      text,
      target,
      source: file.sources[head.sources[at] ?? -1] ?? "",
      group: file.groups[head.groups[at] ?? -1] ?? "",
      fp32: fp32[at] ?? new Float32Array(0),
      base: base[at] ?? new Float32Array(0),
    };
  });
  return { name, kind, labels, all };
}

function keysOf({ keys }: Head, bytes: number): readonly string[] {
  const hex = Buffer.from(keys, "base64").toString("hex");
  return hex.match(new RegExp(`.{${2 * bytes}}`, "gu")) ?? [];
}

function matrix(packed: string, width: number, step: number): readonly Float32Array[] {
  const bytes = Buffer.from(packed, "base64");
  const rows = bytes.length / 2 / width;
  return Array.from({ length: rows }, (_row, row) =>
    Float32Array.from(
      { length: width },
      (_value, k) => step * bytes.readInt16LE(2 * (row * width + k)),
    ),
  );
}

/** Each row was stored with a scale of its own, and unit length gives that back. */
function embedded(file: RowsFile, rows: readonly (EvalRow | null)[]): readonly Embedded[] {
  const { rows: places, width, values } = file.embeddings;
  const bytes = Buffer.from(values, "base64");
  return places.flatMap((place, at) => {
    const row = rows[place] ?? null;
    if (row === null) return [];
    const raw = Float32Array.from({ length: width }, (_, d) => bytes.readInt8(at * width + d));
    const norm = Math.hypot(...raw);
    return [{ text: row.text, vector: raw.map((value) => value / norm) }];
  });
}
