/** Reads labelled sentences, a JSON object or a CSV record each; used by train.ts. */
import { parse } from "csv-parse/sync";
import * as v from "valibot";
import { UsageError } from "./command.ts";

/** A sentence and the intent that it means. */
export interface Labelled {
  readonly text: string;
  readonly intent: string;
}

/** Names of the two columns or keys; the first that the file has counts. */
export interface Columns {
  readonly text: readonly string[];
  readonly intent: readonly string[];
}

/** What people call them. */
export const usualColumns: Columns = {
  text: ["text", "utterance", "sentence", "query", "question"],
  intent: ["intent", "label", "category", "class"],
};

type Record = Readonly<{ [key: string]: unknown }>;

/** Distinct sentences in the file's order. Throws UsageError with file, line and what to mend. */
export function readLabelled(file: string, content: string, columns: Columns): readonly Labelled[] {
  const text = content.replace(/^\uFEFF/, "");
  const records = text.trimStart().startsWith("{") ? jsonLines(file, text) : csvRecords(file, text);
  const found = new Map<string, Labelled>();
  for (const { record, line } of records) {
    const row = { text: cell(record, columns.text), intent: cell(record, columns.intent) };
    if (row.text === null || row.intent === null) {
      const [wanted, flag] =
        row.text === null ? [columns.text, "text"] : [columns.intent, "intent"];
      const names = Object.keys(record).join(", ");
      const ask = `${wanted.join(", ")}; this one has ${names}: name it with --${flag}`;
      throw new UsageError(`${file}:${line}: no column called ${ask}`);
    }
    if (row.text === "" || row.intent === "") continue;
    found.set(JSON.stringify(row), { text: row.text, intent: row.intent });
  }
  if (found.size === 0) throw new UsageError(`${file} holds no labelled sentence`);
  return [...found.values()];
}

interface Placed {
  readonly record: Record;
  readonly line: number;
}

function jsonLines(file: string, text: string): readonly Placed[] {
  return text.split("\n").flatMap((source, at) => {
    if (source.trim() === "") return [];
    const record = v.safeParse(v.record(v.string(), v.unknown()), parsedJson(source));
    if (!record.success) throw new UsageError(`${file}:${at + 1}: no JSON object`);
    return [{ record: record.output, line: at + 1 }];
  });
}

function parsedJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return null;
  }
}

const csvSchema = v.array(
  v.object({ record: v.record(v.string(), v.unknown()), info: v.object({ lines: v.number() }) }),
);

function csvRecords(file: string, text: string): readonly Placed[] {
  try {
    const delimiter = delimiterOf(text);
    const rows: unknown = parse(text, { columns: true, info: true, delimiter, trim: true });
    return v.parse(csvSchema, rows).map(({ record, info }) => ({ record, line: info.lines }));
  } catch (fault) {
    const message = fault instanceof Error ? fault.message : String(fault);
    throw new UsageError(`${file} is neither JSON lines nor CSV with a header: ${message}`, {
      cause: fault,
    });
  }
}

/** The one that the header has most of. */
function delimiterOf(text: string): string {
  const [header = ""] = text.split("\n", 1);
  const count = (mark: string): number => header.split(mark).length;
  return [",", ";", "\t"].reduce((most, mark) => (count(mark) > count(most) ? mark : most));
}

function cell(record: Record, names: readonly string[]): string | null {
  const name = names.find((one) => one in record);
  if (name === undefined) return null;
  const value = record[name];
  return typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
}
