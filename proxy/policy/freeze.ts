/** Makes a compiled policy unchangeable through and through; compile.ts calls it last. */

/** A map that refuses every change after it was made. */
class FrozenMap<K, V> extends Map<K, V> {
  constructor(entries: Iterable<readonly [K, V]>) {
    super();
    for (const [key, value] of entries) super.set(key, value);
    Object.freeze(this);
  }

  override set(): never {
    throw new TypeError(UNCHANGEABLE);
  }

  override delete(): never {
    throw new TypeError(UNCHANGEABLE);
  }

  override clear(): never {
    throw new TypeError(UNCHANGEABLE);
  }
}

const UNCHANGEABLE = "A policy cannot be changed after it was loaded.";

const URL_PARTS = [
  "href",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
] as const;

/** A map that cannot be changed. */
export function frozenMap<K, V>(entries: Iterable<readonly [K, V]>): ReadonlyMap<K, V> {
  return new FrozenMap(entries);
}

/** A URL whose parts cannot be assigned; throws on a text that is no URL. */
export function frozenUrl(text: string): URL {
  const url = new URL(text);
  for (const part of URL_PARTS) {
    Object.defineProperty(url, part, { value: url[part] });
  }
  Object.defineProperty(url, "searchParams", {
    get: () => new URLSearchParams(url.search),
  });
  return Object.freeze(url);
}

/** Freezes a value and all that it holds; gives the same value back. Maps must come from `frozenMap`. */
export function frozen<T>(value: T): T {
  freezeBelow(value);
  return value;
}

function freezeBelow(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (value instanceof Map) {
    for (const inner of value.values()) freezeBelow(inner);
    return;
  }
  if (Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freezeBelow(inner);
}
