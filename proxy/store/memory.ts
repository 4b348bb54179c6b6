/** The exact store in this process's memory, bounded by entries and bytes; joined to recall in assemble. */
import { LRUCache } from "lru-cache";
import type { Store, StoreEntry } from "../core/ports.ts";

/** Bounds of a store; 0 stores nothing. */
export interface StoreBounds {
  readonly maxEntries: number;
  /** Bytes of keys, headers and bodies together, with an allowance for bookkeeping. */
  readonly maxBytes: number;
}

/** What a store holds now. */
export interface StoreUsage {
  readonly entries: number;
  readonly bytes: number;
}

/** A store with a lifetime; least recently used entries make room for new ones. */
export interface MemoryStore extends Store {
  usage(): StoreUsage;
  readonly bounds: StoreBounds;
  /** While it is shut it takes nothing, and what it held is let go. */
  shut(isShut: boolean): void;
}

/** Rough cost of one entry's objects, measured generously. */
const bookkeepingBytes = 512;

/**
 * An empty store. An entry that alone exceeds `maxBytes` is refused, as is any entry while it is shut.
 * `evicted` hears of each entry that makes room for another.
 */
export function createMemoryStore(
  bounds: StoreBounds,
  evicted: () => void = () => undefined,
): MemoryStore {
  const { maxEntries, maxBytes } = bounds;
  const isOff = maxEntries < 1 || maxBytes < 1;
  let isShut = false;
  const cache = new LRUCache<string, StoreEntry>({
    // Entries are counted below: with `max` the cache would reserve room for all of them at once.
    maxSize: Math.max(1, Math.floor(maxBytes)),
    sizeCalculation: sizeOf,
    dispose: (_entry, _key, why) => {
      if (why === "evict") evicted();
    },
  });
  return {
    bounds,
    get: async (key) => cache.get(key),
    set: async (key, entry) => {
      if (!isOff && !isShut) cache.set(key, owned(entry));
      if (cache.size > maxEntries) cache.pop();
    },
    usage: () => ({ entries: cache.size, bytes: cache.calculatedSize }),
    shut: (now) => {
      isShut = now;
      if (isShut) cache.clear();
    },
  };
}

/** A copy in memory of its own: a slice would keep its whole pool alive and could still be written to. */
function owned(entry: StoreEntry): StoreEntry {
  const body = Buffer.allocUnsafeSlow(entry.body.length);
  entry.body.copy(body);
  return Object.freeze({ ...entry, headers: Object.freeze([...entry.headers]), body });
}

function sizeOf(entry: StoreEntry, key: string): number {
  const headers = entry.headers.reduce((sum, part) => sum + textBytes(part), 0);
  const texts = textBytes(key) + textBytes(entry.model) + headers;
  return bookkeepingBytes + texts + entry.body.length;
}

/** Two bytes a code unit at most, as V8 keeps strings. */
function textBytes(text: string): number {
  return text.length * 2;
}
