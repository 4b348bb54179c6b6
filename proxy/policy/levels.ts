/** Joins the levels of a policy: an inner one goes before an outer one, but cannot loosen what that forbids. */
import { itemsOf, mergeBranches, reportDoubleIntents } from "./merge.ts";
import type { ProblemList } from "./problem.ts";
import { find, type Branch, type Entry, type Tree } from "./tree.ts";

/**
 * Levels from the outermost to the innermost, e.g. cluster, namespace, pod. An inner value wins and inner
 * routes come first; `deny` and `targets` add up; an outer `mode: observe`, outer `limits`, and an outer
 * `audit` and `callers` as a whole stay.
 */
export function joinLevels(levels: readonly Branch[], problems: ProblemList): Branch | null {
  const [outermost, ...inner] = levels;
  if (outermost === undefined) return null;
  return inner.reduce((outer, next) => {
    reportDoubleIntents(outer, next, problems);
    return joined(outer, next);
  }, outermost);
}

function joined(outer: Branch, inner: Branch): Branch {
  const entries = new Map(mergeBranches(outer, inner).entries);
  const isObserved = modeOf(outer) === "observe";
  const mode = outer.entries.get("mode");
  if (isObserved && mode !== undefined) entries.set("mode", mode);
  const routes = innerFirst(outer.entries.get("routes"), inner.entries.get("routes"), isObserved);
  if (routes !== undefined) entries.set("routes", routes);
  const limits = outerKept(outer.entries.get("limits"), inner.entries.get("limits"));
  if (limits !== undefined) entries.set("limits", limits);
  // Whole: an inner level must not have content written where the outer one names none, nor let in others.
  for (const key of ["audit", "callers"]) {
    const kept = outer.entries.get(key);
    if (kept?.value.kind === "map") entries.set(key, kept);
  }
  return { ...outer, entries };
}

function modeOf(tree: Branch): unknown {
  const mode = find(tree, ["mode"]);
  return mode?.kind === "leaf" ? mode.value : undefined;
}

/** Where the outer level only observes, no inner route does otherwise. */
function innerFirst(
  outer: Entry | undefined,
  inner: Entry | undefined,
  isObserved: boolean,
): Entry | undefined {
  if (inner === undefined) return outer;
  const own = itemsOf(inner.value).map((item) => (isObserved ? withoutMode(item) : item));
  const items = [...own, ...(outer === undefined ? [] : itemsOf(outer.value))];
  return { keyAt: inner.keyAt, value: { kind: "list", at: inner.value.at, items, lost: [] } };
}

function withoutMode(route: Tree): Tree {
  if (route.kind !== "map") return route;
  return { ...route, entries: new Map([...route.entries].filter(([key]) => key !== "mode")) };
}

function outerKept(outer: Entry | undefined, inner: Entry | undefined): Entry | undefined {
  if (outer?.value.kind !== "map" || inner?.value.kind !== "map") return undefined;
  const entries = new Map([...inner.value.entries, ...outer.value.entries]);
  return { keyAt: inner.keyAt, value: { ...inner.value, entries } };
}
