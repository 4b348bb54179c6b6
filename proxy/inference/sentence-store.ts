/** Makes a policy's sentences ready: embeddings that are not known yet are computed, the others remembered; used by classifier.ts. */
import { EmbeddingCache, type CacheOptions } from "./embedding-cache.ts";
import { keptFit, type Fit } from "./fit-store.ts";

/** Hears what fitting cost: what was computed, and what was kept from before. */
export interface FittingTally {
  sentences(computed: number, kept: number): void;
  fit(isKept: boolean): void;
}

/** Hears how many of the distinct texts are embedded. */
export type OnProgress = (done: number, total: number) => void;

type EmbedOne = (text: string) => Promise<Float32Array>;

const noTally: FittingTally = { sentences: () => undefined, fit: () => undefined };

/** Embeddings and fits of one model after the other. */
export class SentenceStore {
  readonly fit: Fit;
  readonly #options: CacheOptions;
  readonly #tally: FittingTally;
  readonly #embedOne: EmbedOne;
  #cache: { digest: string; loaded: Promise<EmbeddingCache> } | null = null;

  constructor(options: CacheOptions, tally: FittingTally | undefined, embedOne: EmbedOne) {
    this.#options = options;
    this.#tally = tally ?? noTally;
    this.#embedOne = embedOne;
    this.fit = keptFit(options, (isKept) => this.#tally.fit(isKept));
  }

  /** Unit vectors of `texts` in order; `digest` names the model that runs. */
  async embed(
    digest: string,
    texts: readonly string[],
    onProgress: OnProgress | undefined,
  ): Promise<readonly Float32Array[]> {
    const cache = await this.#cacheOf(digest);
    const distinct = [...new Set(texts)];
    const found = new Map<string, Float32Array>();
    let computed = 0;
    const embedOne = async (text: string): Promise<void> => {
      const known = cache.get(text);
      const vector = known ?? (await this.#embedOne(text));
      if (known === undefined) {
        cache.set(text, vector);
        computed += 1;
      }
      found.set(text, vector);
      onProgress?.(found.size, distinct.length);
    };
    await Promise.all(distinct.map(embedOne));
    this.#tally.sentences(computed, distinct.length - computed);
    if (computed > 0) await cache.save();
    return texts.map((text) => found.get(text) ?? new Float32Array(0));
  }

  async #cacheOf(digest: string): Promise<EmbeddingCache> {
    if (this.#cache?.digest !== digest) {
      const cache = new EmbeddingCache(digest, this.#options);
      this.#cache = { digest, loaded: cache.load().then(() => cache) };
    }
    return await this.#cache.loaded;
  }
}
