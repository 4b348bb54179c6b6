/** Checks a tree against a schema and says where each fault stands; load.ts and faq.ts call it. */
import * as v from "valibot";
import type { ProblemList } from "./problem.ts";
import { FIRST_CHOICE, type Schema } from "./schema-values.ts";
import { find, locate, locateKey, plainOf, prune, type Path, type Tree } from "./tree.ts";

/** What a tree held, as far as it was right in form. */
export interface Validated<T> {
  readonly value: T;
  /** The tree without what was wrong; indices in `value` and in here are the same. */
  readonly tree: Tree;
}

/** Rounds of cutting out what is wrong before giving up. */
const MOST_ROUNDS = 200;

type Issue = v.BaseIssue<unknown>;

interface Fault {
  readonly path: Path;
  /** Whether the key itself is the fault, not its value. */
  readonly isKey: boolean;
  readonly isUnknownKey: boolean;
  readonly message: string;
}

/**
 * Reports everything that is wrong in form and gives what is left, so that references can be checked
 * in the same go; null when nothing is left. valibot names one unknown key of a map at a time, so
 * these are cut out and asked for again before the other faults count.
 */
export function validate<T>(
  schema: Schema<T>,
  root: Tree,
  problems: ProblemList,
): Validated<T> | null {
  let tree: Tree | null = root;
  let isReporting = true;
  for (let round = 0; tree !== null && round < MOST_ROUNDS; round += 1) {
    const here: Tree = tree;
    const result = v.safeParse(schema, plainOf(here));
    if (result.success) return { value: result.output, tree: here };
    const faults = result.issues.flatMap((issue) => faultsOf(issue, []));
    const unknown = faults.filter((fault) => fault.isUnknownKey);
    const counted = unknown.length > 0 ? unknown : faults;
    if (isReporting) for (const fault of counted) report(here, fault, problems);
    isReporting &&= unknown.length > 0;
    tree = withoutFaults(here, counted);
  }
  return null;
}

function report(tree: Tree, fault: Fault, problems: ProblemList): void {
  const at = fault.isKey ? locateKey(tree, fault.path) : locate(tree, fault.path);
  problems.add(at, fault.message);
}

/** Later items of a list go first, so that the indices of the others stay true. */
function withoutFaults(tree: Tree, faults: readonly Fault[]): Tree | null {
  const paths = faults.map((fault) => existing(tree, fault.path)).toSorted(comparePaths);
  const outermost = paths.filter((path, at) => {
    const before = paths[at - 1];
    return before === undefined || !before.every((key, level) => key === path[level]);
  });
  return outermost
    .toReversed()
    .reduce<Tree | null>((left, path) => (left === null ? null : prune(left, path)), tree);
}

/** The path up to where the tree has something: a missing key takes its map along. */
function existing(tree: Tree, path: Path): Path {
  let end = path.length;
  while (end > 0 && find(tree, path.slice(0, end)) === undefined) end -= 1;
  return path.slice(0, end);
}

/** A path comes before all that is below it. */
function comparePaths(one: Path, other: Path): number {
  for (const [at, key] of one.entries()) {
    const against = other[at];
    if (against === undefined) return 1;
    if (key === against) continue;
    if (typeof key === "number" && typeof against === "number") return key - against;
    return String(key) < String(against) ? -1 : 1;
  }
  return one.length - other.length;
}

function faultsOf(issue: Issue, above: Path): readonly Fault[] {
  const path = [...above, ...pathOf(issue)];
  if (issue.type === "union") return faultsOfUnion(issue, path);
  const isUnknownKey = issue.type === "strict_object" && issue.expected === "never";
  const isKey =
    isUnknownKey || (issue.path?.at(-1)?.origin === "key" && issue.kind === "validation");
  return [{ path, isKey, isUnknownKey, message: issue.message }];
}

/** Of a union's branches the one of the right kind speaks, if one got further than the kind. */
function faultsOfUnion(issue: Issue, path: Path): readonly Fault[] {
  const deeper = innerOf(issue).flatMap((each) => (isDeeper(each) ? faultsOf(each, path) : []));
  if (deeper.length > 0) return deeper;
  return [{ path, isKey: false, isUnknownKey: false, message: messageOf(issue) }];
}

/** Where a word was meant, the words; else what the union says, or the first of its branches. */
function messageOf(issue: Issue): string {
  const inner = innerOf(issue);
  const words = inner.map(wordsOf).find((each) => each !== null);
  if (words !== undefined && words !== null) return words;
  const [first] = inner;
  return issue.message === FIRST_CHOICE && first !== undefined ? messageOf(first) : issue.message;
}

function wordsOf(issue: Issue): string | null {
  if (issue.type === "picklist" && typeof issue.input === "string") return issue.message;
  return (
    innerOf(issue)
      .map(wordsOf)
      .find((each) => each !== null) ?? null
  );
}

function innerOf(issue: Issue): readonly Issue[] {
  return issue.issues ?? [];
}

/** Whether the fault lies inside the value, or the value is of the right kind but wrong in content. */
function isDeeper(issue: Issue): boolean {
  return issue.path !== undefined || issue.kind !== "schema" || innerOf(issue).some(isDeeper);
}

function pathOf(issue: Issue): Path {
  return (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
}
