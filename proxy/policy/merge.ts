/** Joins the trees of a directory's files, in the order of their names, into one policy tree. */
import type { ProblemList } from "./problem.ts";
import { find, type Branch, type Entry, type Path, type Tree } from "./tree.ts";

/** Lists that grow from file to file; every other list, like a scalar, is replaced by a later one. */
const GROWING: ReadonlySet<string> = new Set(["routes", "deny", "targets"]);

/**
 * Maps merge key by key, the later value wins, routes, deny and targets add up; the same intent in
 * two files is a problem. Keys of the top level that begin with `x-` are left out.
 */
export function mergeTrees(trees: readonly Branch[], problems: ProblemList): Branch | null {
  const [first, ...rest] = trees.map(withoutExtensions);
  if (first === undefined) return null;
  return rest.reduce((merged, next) => {
    reportDoubleIntents(merged, next, problems);
    return mergeBranches(merged, next, []);
  }, first);
}

/** Merges two maps as the files of one directory are; both are whole already. */
export function mergeBranches(one: Branch, other: Branch, path: Path = []): Branch {
  const entries = new Map(one.entries);
  for (const [key, entry] of other.entries) {
    const before = entries.get(key);
    entries.set(key, before === undefined ? entry : mergeEntries(before, entry, [...path, key]));
  }
  return { ...one, entries };
}

function withoutExtensions(tree: Branch): Branch {
  const entries = new Map([...tree.entries].filter(([key]) => !key.startsWith("x-")));
  return { ...tree, entries };
}

function mergeEntries(one: Entry, other: Entry, path: Path): Entry {
  if (one.value.kind === "map" && other.value.kind === "map") {
    return { keyAt: other.keyAt, value: mergeBranches(one.value, other.value, path) };
  }
  const isGrowing = path.length === 1 && GROWING.has(String(path[0]));
  if (!isGrowing) return other;
  const items = [...itemsOf(one.value), ...itemsOf(other.value)];
  return { keyAt: one.keyAt, value: { kind: "list", at: one.value.at, items, lost: [] } };
}

/** A lone map or scalar stands for a list of one, an empty value for none. */
export function itemsOf(tree: Tree): readonly Tree[] {
  if (tree.kind === "list") return tree.items;
  return tree.kind === "leaf" && tree.value === null ? [] : [tree];
}

/** The same intent in two places is no override but a mistake. */
export function reportDoubleIntents(one: Branch, other: Branch, problems: ProblemList): void {
  const before = find(one, ["intents"]);
  const after = find(other, ["intents"]);
  if (before?.kind !== "map" || after?.kind !== "map") return;
  for (const [name, { keyAt }] of after.entries) {
    const first = before.entries.get(name)?.keyAt;
    if (first === undefined) continue;
    const there = `${first.file}:${first.line}:${first.column}`;
    problems.add(keyAt, `the intent \`${name}\` is already defined at ${there}`);
    problems.add(
      first,
      `the intent \`${name}\` is defined again at ${keyAt.file}:${keyAt.line}:${keyAt.column}`,
    );
  }
}
