/** What every part works with: the running model, its rows with their texts, and the baselines fitted on its training rows. */
import { readManifest } from "../../proxy/inference/manifest.ts";
import { fitBaselines, type Baselines, type TrainingRows } from "./baselines.ts";
import { Model, modelDigest } from "./model.ts";
import { joinRows, readRowsFile, wantedKeys, type EvaluationRows, type HeadRows } from "./rows.ts";
import { everyText, keyOf } from "./sets.ts";
import { TrainedTexts } from "./trained.ts";

/** How far one run goes. */
export interface Extent {
  /** At most so many rows of each head and texts of each split; null for all. */
  readonly limit: number | null;
}

/** Everything that parts share. */
export class Context {
  readonly data: string;
  readonly model: Model;
  readonly rows: EvaluationRows;
  readonly trained: TrainedTexts;
  readonly limit: number | null;
  readonly #trainedTexts: ReadonlyMap<string, string>;
  readonly #baselines = new Map<string, Baselines>();

  private constructor(
    data: string,
    model: Model,
    found: { rows: EvaluationRows; trained: TrainedTexts; texts: ReadonlyMap<string, string> },
    { limit }: Extent,
  ) {
    this.data = data;
    this.model = model;
    this.rows = found.rows;
    this.trained = found.trained;
    this.limit = limit;
    this.#trainedTexts = found.texts;
  }

  /** Throws when the artefact's rows were chosen for another model. */
  static async open(data: string, folder: string, extent: Extent): Promise<Context> {
    const manifest = await readManifest(folder);
    const file = readRowsFile(folder);
    if (file.model !== modelDigest(folder, manifest)) {
      throw new Error("evaluation/rows.json.gz was made for another model: run its stage again");
    }
    const trained = new TrainedTexts(folder);
    const wanted = wantedKeys(file);
    const rowTexts = new Map<string, string>();
    const texts = new Map(trained.generated.map((text) => [trained.key(text), text]));
    const seen = new Set<string>();
    await everyText(data, (text) => {
      if (seen.has(text)) return;
      seen.add(text);
      const key = keyOf(text, file.key_bytes);
      if (wanted.has(key)) rowTexts.set(key, text);
      const normal = trained.key(text);
      if (trained.has(normal) && !texts.has(normal)) texts.set(normal, text);
    });
    const rows = joinRows(file, rowTexts);
    const cut = { ...rows, heads: rows.heads.map((head) => limited(head, extent.limit)) };
    const found = { rows: cut, trained, texts };
    return new Context(data, new Model(folder, manifest), found, extent);
  }

  head(name: string): HeadRows {
    const found = this.rows.heads.find((head) => head.name === name);
    if (found === undefined) throw new Error(`the artefact has no rows of head "${name}"`);
    return found;
  }

  /** The first rows only where the run is limited. */
  some<T>(items: readonly T[]): readonly T[] {
    return thinned(items, this.limit);
  }

  /** Of a head, on the training rows whose text is known here. */
  trainingRows(head: string): TrainingRows {
    const use = this.trained.uses.find(({ name }) => name === head);
    const texts: string[] = [];
    const targets: string[] = [];
    for (const [key, target] of use?.targets ?? []) {
      const text = this.#trainedTexts.get(key);
      if (text === undefined) continue;
      texts.push(text);
      targets.push(target);
    }
    return { texts, targets, all: use?.texts ?? 0 };
  }

  /** Fitted once. */
  baselines(head: string): Baselines {
    const known = this.#baselines.get(head);
    if (known !== undefined) return known;
    process.stderr.write(`fits the baselines of ${head}\n`);
    const { kind, labels } = this.head(head);
    const training = this.trainingRows(head);
    const some = {
      ...training,
      texts: this.some(training.texts),
      targets: this.some(training.targets),
    };
    const made = fitBaselines(kind, labels, some);
    this.#baselines.set(head, made);
    return made;
  }
}

function limited(head: HeadRows, limit: number | null): HeadRows {
  return { ...head, rows: thinned(head.rows, limit) };
}

/** Evenly spread over the list, so that no source goes missing. */
function thinned<T>(items: readonly T[], limit: number | null): readonly T[] {
  if (limit === null || items.length <= limit) return items;
  const every = items.length / limit;
  return Array.from({ length: limit }, (_, at) => items[Math.floor(at * every)]).filter(
    (item) => item !== undefined,
  );
}
