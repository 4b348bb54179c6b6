/** Reads one level of a policy, a file or a directory, into one tree; load.ts joins the levels. */
import { dirname, isAbsolute, join, normalize } from "node:path";
import type { Environment } from "./interpolation.ts";
import { mergeTrees } from "./merge.ts";
import { parseTree } from "./parse.ts";
import type { Position, ProblemList } from "./problem.ts";
import type { Source, SourceReader } from "./sources.ts";
import { find, locate, type Branch, type Path, type Tree } from "./tree.ts";

/** What a level came to; its problems are in the list that it was read with. */
export interface Level {
  /** The files that were read or looked for. */
  readonly sources: readonly Source[];
  /** Null when nothing of it could be read as a map, or there is nothing in it. */
  readonly tree: Branch | null;
  /** Whether a file could not be read as YAML, so that what it defines is not known. */
  readonly isBroken: boolean;
}

/** What a level is read with. */
export interface LevelOptions {
  readonly env: Environment;
  readonly problems: ProblemList;
  readonly reader: SourceReader;
  /** Whether there need not be any file: one of several levels may be empty. */
  readonly isOptional: boolean;
}

/** Never throws: whatever is wrong is a problem with a position. */
export async function readLevel(path: string, options: LevelOptions): Promise<Level> {
  const { env, problems, reader } = options;
  const listing = await reader.list(path);
  if (!listing.ok) {
    if (options.isOptional && listing.isNothing)
      return { sources: [], tree: null, isBroken: false };
    problems.add(startOf(path), listing.message);
    const none = { ok: false, path, message: listing.message } as const;
    return { sources: [none], tree: null, isBroken: true };
  }
  const texts = await Promise.all(listing.paths.map(reader.read));
  const parsed = parsedSources(texts, env, problems);
  const files = listing.isDirectory ? withoutFaqs(parsed) : parsed;
  return {
    sources: files.map((file) => file.source),
    tree: mergeTrees(branchesOf(files, problems), problems),
    isBroken: files.some((file) => file.isBroken),
  };
}

interface ParsedSource {
  readonly source: Source;
  /** Null for an empty file and for a broken one. */
  readonly tree: Tree | null;
  /** Whether it could not be read as YAML, so that what it defines is not known. */
  readonly isBroken: boolean;
}

function parsedSources(
  sources: readonly Source[],
  env: Environment,
  problems: ProblemList,
): readonly ParsedSource[] {
  return sources.map((source) => {
    const before = problems.size;
    if (!source.ok) problems.add(startOf(source.path), source.message);
    const options = { file: source.path, env, problems };
    const tree = source.ok ? parseTree(source.text, options) : null;
    return { source, tree, isBroken: tree === null && problems.size > before };
  });
}

/** A directory's file that a route names as its FAQ is that, and no part of the policy. */
function withoutFaqs(files: readonly ParsedSource[]): readonly ParsedSource[] {
  const faqs = new Set(
    files.flatMap(({ tree }) => (tree === null ? [] : faqReferences(tree).map(({ file }) => file))),
  );
  return files.filter(({ source }) => !faqs.has(normalize(source.path)));
}

function branchesOf(files: readonly ParsedSource[], problems: ProblemList): readonly Branch[] {
  return files.flatMap(({ tree }) => {
    if (tree === null || (tree.kind === "leaf" && tree.value === null)) return [];
    if (tree.kind === "map") return [tree];
    problems.add(tree.at, "a policy is a map of keys such as `routes`");
    return [];
  });
}

/** A FAQ file that a route names. */
export interface FaqReference {
  readonly name: string;
  readonly file: string;
  readonly at: Position;
}

/** The FAQ files that routes name, each relative to the file the route stands in. */
export function faqReferences(tree: Tree): readonly FaqReference[] {
  const routes = find(tree, ["routes"]);
  if (routes?.kind !== "list") return [];
  return routes.items.flatMap((_, index) => {
    const path: Path = ["routes", index, "answer", "faq"];
    const named = find(tree, path);
    if (named?.kind !== "leaf" || typeof named.value !== "string") return [];
    const at = locate(tree, path);
    const file = isAbsolute(named.value) ? named.value : join(dirname(at.file), named.value);
    return [{ name: named.value, file, at }];
  });
}

/** The beginning of a file. */
export function startOf(file: string): Position {
  return { file, line: 1, column: 1 };
}
