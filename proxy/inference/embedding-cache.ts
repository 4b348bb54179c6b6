/** Embeddings of the policy's sentences by content hash, in memory and optionally in a folder, so that a reload or restart embeds only what changed. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { LRUCache } from "lru-cache";
import { readState, writeState, type OnLost } from "./state-file.ts";
import { stateEndings } from "./state-folder.ts";

/** Bounds and place. */
export interface CacheOptions {
  readonly maxEntries: number;
  /** Null keeps embeddings in memory only. */
  readonly folder: string | null;
  readonly onLost?: OnLost;
}

const hashBytes = 16;

/** Holds vectors of one model. The file is named after the model and holds hashes of the sentences, not their texts. */
export class EmbeddingCache {
  readonly #entries: LRUCache<string, Float32Array>;
  readonly #path: string | null;
  readonly #onLost: OnLost;
  #saving: Promise<void> = Promise.resolve();

  constructor(digest: string, options: CacheOptions) {
    this.#entries = new LRUCache({ max: options.maxEntries });
    this.#onLost = options.onLost ?? (() => undefined);
    const name = `${digest.slice(0, 32)}${stateEndings.embeddings}`;
    this.#path = options.folder === null ? null : join(options.folder, name);
  }

  get(text: string): Float32Array | undefined {
    return this.#entries.get(keyOf(text));
  }

  set(text: string, vector: Float32Array): void {
    this.#entries.set(keyOf(text), vector);
  }

  /** Reads what an earlier run left; a missing or damaged file counts as empty. */
  async load(): Promise<void> {
    for (const [key, vector] of await this.#stored()) this.#entries.set(key, vector);
  }

  /** Writes every entry, one save after the other; a failure to write loses nothing but time. */
  async save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#saveNow());
    await this.#saving;
  }

  async #saveNow(): Promise<void> {
    if (this.#path === null) return;
    const records = [...this.#entries.entries()].map(([key, vector]) => recordOf(key, vector));
    // Another process may keep sentences of its own under the same model.
    const room = this.#entries.max - records.length;
    const others = (await this.#stored()).filter(([key]) => !this.#entries.has(key));
    for (const [key, vector] of others.slice(0, room)) records.push(recordOf(key, vector));
    const head = Buffer.alloc(4);
    head.writeUInt32LE(records[0] === undefined ? 0 : (records[0].length - hashBytes) / 4);
    await writeState(this.#path, Buffer.concat([head, ...records]), this.#onLost);
  }

  async #stored(): Promise<readonly (readonly [string, Float32Array])[]> {
    const content = this.#path === null ? null : await readState(this.#path);
    if (content === null || content.length < 4) return [];
    const size = hashBytes + 4 * content.readUInt32LE(0);
    if ((content.length - 4) % size !== 0) return [];
    const entries: (readonly [string, Float32Array])[] = [];
    for (let at = 4; at < content.length; at += size) {
      entries.push(entryOf(content.subarray(at, at + size)));
    }
    // Entries are written latest first, and what is set last stays longest.
    return entries.toReversed();
  }
}

function entryOf(record: Buffer): readonly [string, Float32Array] {
  const vector = new Float32Array((record.length - hashBytes) / 4);
  for (let at = 0; at < vector.length; at += 1) vector[at] = record.readFloatLE(hashBytes + 4 * at);
  return [record.toString("hex", 0, hashBytes), vector];
}

function keyOf(text: string): string {
  return createHash("sha256")
    .update(text)
    .digest("hex")
    .slice(0, 2 * hashBytes);
}

function recordOf(key: string, vector: Float32Array): Buffer {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return Buffer.concat([Buffer.from(key, "hex"), bytes]);
}
