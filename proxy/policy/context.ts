/** What compiling works with: the tree for positions, the names that exist, and the list of problems. */
import type { ProblemList } from "./problem.ts";
import { nearestHint } from "./nearest.ts";
import { find, keysAt, locate, locateKey, type Path, type Tree } from "./tree.ts";

/** Kinds of things that a policy names and refers to. */
export type Kind = "intent" | "keyword group" | "target" | "provider";

/** Handed down to every part of the compiler. */
export class Context {
  readonly tree: Tree;
  readonly #problems: ProblemList;
  readonly #names: ReadonlyMap<Kind, ReadonlySet<string>>;

  /** `whole` is the tree before anything was cut out of it: what is named there exists, right or wrong. */
  constructor(tree: Tree, whole: Tree, problems: ProblemList) {
    this.tree = tree;
    this.#problems = problems;
    this.#names = new Map([
      ["intent", new Set(keysAt(whole, ["intents"]))],
      ["keyword group", new Set(keysAt(whole, ["complexity", "keywords"]))],
      ["target", new Set(namesOf(find(whole, ["targets"])))],
      ["provider", new Set(keysAt(whole, ["providers"]))],
    ]);
  }

  /** Adds a problem at the value that stands at `path`, or at the nearest above it. */
  report(path: Path, message: string): void {
    this.#problems.add(locate(this.tree, path), message);
  }

  /** Adds a problem at the key itself that `path` ends with. */
  reportKey(path: Path, message: string): void {
    this.#problems.add(locateKey(this.tree, path), message);
  }

  /** The keys written in the map at `path`, whether right or wrong. */
  keys(path: Path): readonly string[] {
    return keysAt(this.tree, path);
  }

  names(kind: Kind): ReadonlySet<string> {
    return this.#names.get(kind) ?? new Set();
  }

  /** Reports `name` unless the policy has such a thing. */
  expectNamed(kind: Kind, name: string, path: Path): void {
    const names = this.names(kind);
    if (names.has(name)) return;
    this.report(path, `the policy has no ${kind} \`${name}\`${nearestHint(name, names)}`);
  }

  /** Reports every item whose name an earlier one has. */
  expectUnique(names: readonly string[], path: Path): void {
    const seen = new Set<string>();
    for (const [at, name] of names.entries()) {
      if (seen.has(name)) this.report([...path, at, "name"], `the name \`${name}\` is taken`);
      seen.add(name);
    }
  }
}

function namesOf(targets: Tree | undefined): readonly string[] {
  if (targets?.kind !== "list") return [];
  return targets.items.flatMap((item) => {
    const name = find(item, ["name"]);
    return name?.kind === "leaf" ? [String(name.value)] : [];
  });
}
