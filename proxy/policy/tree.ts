/** YAML values that remember where they stand; parsing makes them, merging and checking read them. */
import type { Position } from "./problem.ts";

/** A value that holds no others. */
export interface Leaf {
  readonly kind: "leaf";
  readonly at: Position;
  readonly value: string | number | boolean | null;
}

/** A list. `lost` holds indices that were cut out because they were invalid. */
export interface List {
  readonly kind: "list";
  readonly at: Position;
  readonly items: readonly Tree[];
  readonly lost: readonly string[];
}

/** A key's own place and its value. */
export interface Entry {
  readonly keyAt: Position;
  readonly value: Tree;
}

/** A map in the order of its keys. `lost` holds keys that were cut out because they were invalid. */
export interface Branch {
  readonly kind: "map";
  readonly at: Position;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly lost: readonly string[];
}

/** Any value of a policy file. */
export type Tree = Leaf | List | Branch;

/** The way from a root to a value: keys and indices. */
export type Path = readonly (string | number)[];

/** The plain value, as a schema reads it. */
export function plainOf(tree: Tree): unknown {
  switch (tree.kind) {
    case "leaf":
      return tree.value;
    case "list":
      return tree.items.map(plainOf);
    case "map":
      return Object.fromEntries(
        Array.from(tree.entries, ([key, entry]) => [key, plainOf(entry.value)]),
      );
  }
}

/** Where the value at `path` stands, or the nearest value above it that exists. */
export function locate(tree: Tree, path: Path): Position {
  return descend(tree, path).at;
}

/** Where the last key of `path` stands; for a list's item or a missing key, where `locate` points. */
export function locateKey(tree: Tree, path: Path): Position {
  const key = path.at(-1);
  const parent = find(tree, path.slice(0, -1));
  const entry = parent?.kind === "map" ? parent.entries.get(String(key)) : undefined;
  return entry?.keyAt ?? locate(tree, path);
}

/** The value at `path`, if there is one. */
export function find(tree: Tree, path: Path): Tree | undefined {
  let here: Tree | undefined = tree;
  for (const key of path) here = here === undefined ? undefined : childOf(here, key);
  return here;
}

/** The keys of a map at `path`, also those that were cut out; none where there is no map. */
export function keysAt(tree: Tree, path: Path): readonly string[] {
  const here = find(tree, path);
  return here?.kind === "map" ? [...here.entries.keys(), ...here.lost] : [];
}

/** Whether anything below was cut out. */
export function hasLost(tree: Tree): boolean {
  if (tree.kind === "leaf") return false;
  if (tree.lost.length > 0) return true;
  if (tree.kind === "list") return tree.items.some(hasLost);
  return [...tree.entries.values()].some((entry) => hasLost(entry.value));
}

/** The tree without the value at `path`, or without the nearest one above it that exists; null when that is all. */
export function prune(tree: Tree, path: Path): Tree | null {
  const [key, ...rest] = path;
  if (key === undefined || tree.kind === "leaf") return null;
  const child = childOf(tree, key);
  if (child === undefined) return null;
  return replaced(tree, key, prune(child, rest));
}

function replaced(tree: List | Branch, key: string | number, child: Tree | null): Tree {
  if (tree.kind === "list") {
    const items = tree.items.flatMap((item, at) => {
      if (at !== Number(key)) return [item];
      return child === null ? [] : [child];
    });
    return { ...tree, items, lost: child === null ? [...tree.lost, String(key)] : tree.lost };
  }
  const name = String(key);
  const entries = new Map(tree.entries);
  const entry = entries.get(name);
  if (child === null || entry === undefined) {
    entries.delete(name);
    return { ...tree, entries, lost: [...tree.lost, name] };
  }
  entries.set(name, { ...entry, value: child });
  return { ...tree, entries };
}

function descend(tree: Tree, path: Path): Tree {
  let here = tree;
  for (const key of path) {
    const child = childOf(here, key);
    if (child === undefined) return here;
    here = child;
  }
  return here;
}

function childOf(tree: Tree, key: string | number): Tree | undefined {
  switch (tree.kind) {
    case "leaf":
      return undefined;
    case "list":
      return tree.items[Number(key)];
    case "map":
      return tree.entries.get(String(key))?.value;
  }
}
