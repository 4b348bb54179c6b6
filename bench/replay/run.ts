/** One replay from file to figures. */

import { createWriteStream } from "node:fs";
import type { WriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { priceOf, readPrices } from "../../proxy/policy/prices.ts";
import { Progress } from "./progress.ts";
import type { ProgressOutput } from "./progress.ts";
import type { RunFacts } from "./report.ts";
import { normalised, readRows } from "./row.ts";
import type { Row } from "./row.ts";
import { drawItems, seenTexts } from "./sentences.ts";
import type { Settings } from "./settings.ts";
import { createStage } from "./stage.ts";
import { answeredCount, share, Tally, wrongCount } from "./tally.ts";
import { sendRows } from "./traffic.ts";
import type { Served } from "./traffic.ts";
import { catalogueOf, judge } from "./verdict.ts";
import type { Catalogue, Verdict } from "./verdict.ts";

export interface Result {
  readonly tally: Tally;
  readonly facts: RunFacts;
}

/** Rejects when the file cannot be read or a process does not start. */
export async function replay(settings: Settings, output: ProgressOutput): Promise<Result> {
  const every = readRows(settings.file);
  const rows = settings.limit === 0 ? every : every.slice(0, settings.limit);
  // The policy is drawn from the whole file, so that a limited run has the same policy.
  const items = drawItems(every, settings.seed);
  const price = priceOf(await readPrices(), settings.model);
  const counter = new Counter(new Tally(price), catalogueOf(every), seenTexts(items));
  const files = openFiles(settings);
  const progress = new Progress(rows.length, output);
  const stage = await createStage(rows, items, settings);
  const startMs = performance.now();
  try {
    const { concurrency, model } = settings;
    const onServed = (row: Row, served: Served): void => {
      const verdict = counter.add(row, served);
      writeRow(files, row, { served, verdict });
      progress.step(counter.note());
    };
    await sendRows(rows, { url: stage.url, model, concurrency, onServed });
  } finally {
    await stage.close();
    await closeFiles(files);
  }
  const sentences = items.reduce((sum, item) => sum + item.sentences.length, 0);
  const facts: RunFacts = {
    settings,
    seconds: (performance.now() - startMs) / 1000,
    overheadMs: counter.overheadMs(),
    reasons: counter.reasons,
    policy: { items: items.length, sentences },
    wrongFile: settings.wrongFile,
    price: price === null ? null : { model: settings.model, asOf: price.asOf },
  };
  return { tally: counter.tally, facts };
}

class Counter {
  readonly tally: Tally;
  readonly reasons = new Map<string, number>();
  readonly #catalogue: Catalogue;
  readonly #seen: ReadonlySet<string>;
  readonly #overheadsMs: number[] = [];

  constructor(tally: Tally, catalogue: Catalogue, seen: ReadonlySet<string>) {
    this.tally = tally;
    this.#catalogue = catalogue;
    this.#seen = seen;
  }

  add(row: Row, served: Served): Verdict {
    const verdict = judge(row, served, this.#catalogue);
    this.tally.add(row, verdict, !this.#seen.has(normalised(row.text)));
    this.reasons.set(served.reason, (this.reasons.get(served.reason) ?? 0) + 1);
    this.#overheadsMs.push(served.overheadMs);
    return verdict;
  }

  note(): string {
    const { all } = this.tally;
    const percent = (100 * share(answeredCount(all), all.rows)).toFixed(1);
    return `${percent} % without the cloud, ${wrongCount(all)} wrong, ${all.leaked} leaked`;
  }

  overheadMs(): { readonly p50: number; readonly p99: number } {
    const sorted = this.#overheadsMs.toSorted((a, b) => a - b);
    const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? 0;
    return { p50: at(0.5), p99: at(0.99) };
  }
}

interface Files {
  readonly wrong: WriteStream;
  readonly rows: WriteStream | null;
}

function openFiles(settings: Settings): Files {
  const rows = settings.rowsFile === null ? null : createWriteStream(settings.rowsFile);
  return { wrong: createWriteStream(settings.wrongFile), rows };
}

async function closeFiles({ wrong: wrongs, rows }: Files): Promise<void> {
  for (const file of [wrongs, rows]) {
    file?.end();
    if (file !== null) await finished(file);
  }
}

function writeRow(files: Files, row: Row, at: { served: Served; verdict: Verdict }): void {
  const { served, verdict } = at;
  if (files.rows === null && !verdict.wrong && !verdict.leaked) return;
  const line = `${JSON.stringify({ ...row, ...served, ...verdict })}\n`;
  files.rows?.write(line);
  if (verdict.wrong || verdict.leaked) files.wrong.write(line);
}
