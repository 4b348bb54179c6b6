/** Reads the training rows that policies are simulated from, without any text that stands in an evaluation split. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import * as v from "valibot";

/** A text whose meaning is known. */
export interface Row {
  readonly source: string;
  /** Intent, or entity for questions about one. */
  readonly label: string;
  readonly text: string;
}

/** Everything that the simulation draws from. */
export interface Corpus {
  /** Texts with an intent, by source and intent. */
  readonly intents: ReadonlyMap<string, readonly Row[]>;
  /** Whether a source's intents are unknown to the model, so that policies may be made of them. */
  readonly isUnknown: (source: string) => boolean;
  /** Texts that no support policy means. */
  readonly outside: readonly Row[];
  /** One question about one place or product each; `label` is its name. */
  readonly entities: readonly Row[];
  /** Two ways to say the same. */
  readonly paraphrases: readonly { readonly text: string; readonly other: string }[];
}

const anyRow = v.record(v.string(), v.unknown());

/** A field's text; empty when it is none. */
export function field(row: Readonly<Record<string, unknown>>, name: string): string {
  const value = row[name];
  return typeof value === "string" ? value : "";
}

/** Rows of a gzipped JSON-lines file. */
export function readRows(folder: string, name: string): Record<string, unknown>[] {
  const text = gunzipSync(readFileSync(join(folder, `${name}.jsonl.gz`))).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => v.parse(anyRow, JSON.parse(line)));
}

/** Lower case, runs of other than word characters to one space. */
export function normalised(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_]+/gu, " ")
    .trim();
}

/** The corpus from the folder of public sets. */
export function readCorpus(folder: string): Corpus {
  const banned = evaluationTexts(folder);
  const rowsOf = (name: string, text: string, label: string | null): Row[] =>
    readRows(folder, name)
      .map((row) => ({
        source: name,
        label: label === null ? "" : field(row, label),
        text: field(row, text),
      }))
      .filter((row) => row.text.trim() !== "" && !banned.has(normalised(row.text)));
  const labelled = [
    ...rowsOf("clinc150_train", "text", "intent"),
    ...rowsOf("banking77_train", "text", "intent"),
    ...rowsOf("bitext_train", "utterance", "intent"),
    ...rowsOf("natcs_insurance", "utterance", "intent"),
    ...smallTalk(folder).filter((row) => !banned.has(normalised(row.text))),
  ];
  const outside = [
    ...labelled.filter(({ label }) => label === "oos"),
    ...rowsOf("wands_queries", "query", null),
    ...rowsOf("nq_open_dev", "question", null).slice(0, 600),
    ...rowsOf("gsm8k_train", "question", null).slice(0, 200),
    ...rowsOf("presidio_synth_v2", "full_text", null).slice(0, 400),
  ];
  const domains = domainsOf(folder);
  const inside = labelled
    .filter(({ label }) => label !== "oos")
    .map((row) => ({ ...row, source: domains.get(`${row.source}/${row.label}`) ?? row.source }));
  return {
    intents: Map.groupBy(inside, ({ source, label }) => `${source}/${label}`),
    isUnknown: () => true,
    outside,
    entities: rowsOf("dstc9_faq_train", "question", "entity").map(titled),
    paraphrases: paraphrases(folder),
  };
}

/** CLINC150 mixes ten domains, of which no one policy has all. */
function domainsOf(folder: string): ReadonlyMap<string, string> {
  const json: unknown = JSON.parse(readFileSync(join(folder, "clinc150_domains.json"), "utf8"));
  const domains = v.parse(v.record(v.string(), v.array(v.string())), json);
  return new Map(
    Object.entries(domains).flatMap(([domain, intents]) =>
      intents.map((intent) => [`clinc150_train/${intent}`, `clinc150 ${domain}`] as const),
    ),
  );
}

/** Texts of every split that figures are reported on. */
function evaluationTexts(folder: string): ReadonlySet<string> {
  const names = ["replay_dev", "clinc150_test", "banking77_test"];
  return new Set(
    names.flatMap((name) => readRows(folder, name).map((row) => normalised(field(row, "text")))),
  );
}

function smallTalk(folder: string): Row[] {
  const lines = readFileSync(join(folder, "smalltalk.tsv"), "utf8").split("\n").slice(1);
  return lines
    .map((line) => line.split("\t"))
    .filter((cells) => (cells[1] ?? "") !== "")
    .map(([text = "", label = ""]) => ({ source: "smalltalk", label, text }));
}

/** A question that does not name its entity gets it in front. */
function titled(row: Row): Row {
  const isNamed = normalised(row.text).includes(normalised(row.label));
  return isNamed ? row : { ...row, text: `${row.label}: ${row.text}` };
}

function paraphrases(folder: string): { text: string; other: string }[] {
  return readRows(folder, "gptcache_paraphrase").map((row) => ({
    text: field(row, "origin"),
    other: field(row, "similar"),
  }));
}
