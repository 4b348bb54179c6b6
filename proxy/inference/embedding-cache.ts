/** Embeddings of the policy's sentences by content hash, in memory and optionally in a folder, so that a reload embeds only what changed. */
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LRUCache } from "lru-cache";

/** Bounds and place. */
export interface CacheOptions {
  readonly maxEntries: number;
  /** Null keeps embeddings in memory only. */
  readonly folder: string | null;
}

const hashBytes = 16;

/** Holds vectors of one model; the file is named after the model and rewritten whole, so a torn write is never seen. */
export class EmbeddingCache {
  readonly #entries: LRUCache<string, Float32Array>;
  readonly #path: string | null;

  constructor(digest: string, options: CacheOptions) {
    this.#entries = new LRUCache({ max: options.maxEntries });
    this.#path =
      options.folder === null ? null : join(options.folder, `${digest.slice(0, 16)}.vec`);
  }

  get(text: string): Float32Array | undefined {
    return this.#entries.get(keyOf(text));
  }

  set(text: string, vector: Float32Array): void {
    this.#entries.set(keyOf(text), vector);
  }

  /** Reads what an earlier run left; a missing or damaged file counts as empty. */
  async load(): Promise<void> {
    if (this.#path === null) return;
    const bytes = await readFile(this.#path).catch(() => Buffer.alloc(0));
    if (bytes.length < 4) return;
    const width = bytes.readUInt32LE(0);
    const size = hashBytes + 4 * width;
    if (width === 0 || (bytes.length - 4) % size !== 0) return;
    for (let at = 4; at < bytes.length; at += size) this.#restore(bytes.subarray(at, at + size));
  }

  /** Writes every entry; a failure to write loses nothing but time. */
  async save(): Promise<void> {
    if (this.#path === null) return;
    const records = [...this.#entries.entries()].map(([key, vector]) => recordOf(key, vector));
    const width = records[0] === undefined ? 0 : (records[0].length - hashBytes) / 4;
    const head = Buffer.alloc(4);
    head.writeUInt32LE(width);
    const draft = `${this.#path}.${process.pid}`;
    try {
      await mkdir(join(this.#path, ".."), { recursive: true });
      await writeFile(draft, Buffer.concat([head, ...records]));
      await rename(draft, this.#path);
    } catch {
      // The next start embeds again.
    }
  }

  #restore(record: Buffer): void {
    const vector = new Float32Array((record.length - hashBytes) / 4);
    for (let at = 0; at < vector.length; at += 1)
      vector[at] = record.readFloatLE(hashBytes + 4 * at);
    // A damaged record is not of length 1.
    const norm = vector.reduce((sum, value) => sum + value * value, 0);
    if (Math.abs(norm - 1) < 0.01) this.#entries.set(record.toString("hex", 0, hashBytes), vector);
  }
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
