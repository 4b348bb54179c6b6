/** The figures beside a model: evaluation.json, its pictures, and the section of the card that shows both. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { pictureSvg } from "../plot/picture.ts";
import type { Circumstances } from "./machine.ts";
import { markdown } from "./report.ts";
import type { PartResult, Table } from "./result.ts";
import { partNames, type PartName } from "./settings.ts";

/** One part's figures as they are kept. */
export interface StoredPart {
  readonly made: Circumstances;
  readonly tables: readonly Table[];
  /** Files of its pictures with their titles. */
  readonly pictures: readonly { readonly file: string; readonly title: string }[];
}

/** The whole file. */
export interface Evaluation {
  readonly format: 1;
  readonly model: { readonly name: string; readonly sha256: string };
  readonly parts: Readonly<Partial<Record<PartName, StoredPart>>>;
}

const cellSchema = v.object({
  unit: v.picklist(["share", "count", "ms", "MB"]),
  value: v.nullable(v.number()),
  low: v.optional(v.number()),
  high: v.optional(v.number()),
});

const partSchema = v.object({
  made: v.object({
    processor: v.string(),
    node: v.string(),
    onnxruntime: v.string(),
    date: v.string(),
  }),
  tables: v.array(
    v.object({
      name: v.string(),
      title: v.string(),
      columns: v.array(v.string()),
      rows: v.array(v.object({ name: v.string(), cells: v.array(cellSchema) })),
      note: v.optional(v.string()),
    }),
  ),
  pictures: v.array(v.object({ file: v.string(), title: v.string() })),
});

const fileSchema: v.GenericSchema<unknown, Evaluation> = v.object({
  format: v.literal(1),
  model: v.object({ name: v.string(), sha256: v.string() }),
  parts: v.record(v.picklist(partNames), partSchema),
});

/** The file's place in an artefact. */
const evaluationFile = "evaluation.json";

/** Null when nothing has been stored yet. */
export function readEvaluation(folder: string): Evaluation | null {
  const path = join(folder, evaluationFile);
  if (!existsSync(path)) return null;
  const json: unknown = JSON.parse(readFileSync(path, "utf8"));
  return v.parse(fileSchema, json);
}

/** The part as it will be kept. */
export function storedPart(result: PartResult, made: Circumstances): StoredPart {
  const pictures = result.pictures.map(({ file, picture }) => ({ file, title: picture.title }));
  return { made, tables: result.tables, pictures };
}

/** New parts in place of old ones of the same model; times of other processors stay. */
export function merged(old: Evaluation | null, fresh: Evaluation): Evaluation {
  if (old === null || old.model.sha256 !== fresh.model.sha256) return fresh;
  const parts = { ...old.parts, ...fresh.parts };
  const { latency } = fresh.parts;
  if (latency !== undefined) {
    const names = new Set(latency.tables.map(({ name }) => name));
    const others = (old.parts.latency?.tables ?? []).filter(({ name }) => !names.has(name));
    parts.latency = { ...latency, tables: [...latency.tables, ...others] };
  }
  return { ...fresh, parts };
}

/** Writes the file, the pictures and the card's section. */
export function writeEvaluation(
  folder: string,
  evaluation: Evaluation,
  results: readonly PartResult[],
): void {
  const json = `${JSON.stringify(evaluation, null, 1)}\n`;
  // A cell a line: figures can be compared by eye, and the file stays short.
  const compact = json.replaceAll(/\{\s+"unit": [^{}]+\}/gu, (cell) =>
    cell.replaceAll(/\s+/gu, " "),
  );
  writeFileSync(join(folder, evaluationFile), compact);
  mkdirSync(join(folder, "figures"), { recursive: true });
  for (const { file, picture } of results.flatMap(({ pictures }) => pictures)) {
    writeFileSync(join(folder, "figures", file), pictureSvg(picture));
  }
  const card = join(folder, "CARD.md");
  writeFileSync(card, withSection(readFileSync(card, "utf8"), markdown(evaluation)));
}

const begin = "<!-- eval:begin -->";
const end = "<!-- eval:end -->";

/** The card's section between its marks; throws when it has none. */
function sectionOf(card: string): string {
  const from = card.indexOf(begin);
  const to = card.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the card has no ${begin} with ${end} behind it`);
  return card.slice(from + begin.length, to).trim();
}

/** The card with another section between its marks. */
export function withSection(card: string, section: string): string {
  const old = sectionOf(card);
  const from = card.indexOf(begin) + begin.length;
  const to = card.indexOf(end);
  return old === section ? card : `${card.slice(0, from)}\n${section}\n${card.slice(to)}`;
}
