/** Loads a policy from a file or a directory; start, `check` and watch.ts call it. */
import { dirname, isAbsolute, join, normalize } from "node:path";
import type { Faq, Policy, Price } from "../core/policy.ts";
import { compile } from "./compile.ts";
import { Context } from "./context.ts";
import { readFaq } from "./faq.ts";
import type { Environment } from "./interpolation.ts";
import { mergeTrees } from "./merge.ts";
import { parseTree } from "./parse.ts";
import { readPrices } from "./prices.ts";
import { ProblemList, type Position, type Problem } from "./problem.ts";
import { policySchema, type RawPolicy } from "./schema.ts";
import { listSources, readSource, revisionOf, type Source } from "./sources.ts";
import { find, locate, type Branch, type Path, type Tree } from "./tree.ts";
import { validate } from "./validate.ts";

/** What to load. */
export interface LoadOptions {
  /** A YAML file, or a directory of them. */
  readonly path: string;
  /** What `${VAR}` is filled from. */
  readonly env: Environment;
  /** The bundled price table; read from the repository when left out. */
  readonly prices?: ReadonlyMap<string, Price>;
  /** Texts that stand in for files of the policy, by path: to see what an edit would come to. */
  readonly edits?: ReadonlyMap<string, string>;
}

/** A file of a policy as it was read. */
export interface PolicyText {
  readonly path: string;
  readonly text: string;
}

interface LoadedBase {
  /** The files that were read or looked for, also when there are problems. */
  readonly sources: readonly string[];
  /** What stood in those that could be read. */
  readonly texts: readonly PolicyText[];
  /** Changes with any of the sources. */
  readonly revision: string;
}

/** A policy, or everything that is wrong with it. */
export type Loaded =
  | (LoadedBase & { readonly ok: true; readonly policy: Policy })
  | (LoadedBase & { readonly ok: false; readonly problems: readonly Problem[] });

/** Never throws: whatever is wrong is a problem with a position. */
export async function loadPolicy(options: LoadOptions): Promise<Loaded> {
  const problems = new ProblemList();
  const listing = await listSources(options.path);
  if (!listing.ok) {
    problems.add(startOf(options.path), listing.message);
    const none = { ok: false, path: options.path, message: listing.message } as const;
    return failed(problems, [none]);
  }
  const read = await Promise.all(listing.paths.map((file) => sourceOf(file, options)));
  const parsed = parsedSources(read, options.env, problems);
  const files = listing.isDirectory ? withoutFaqs(parsed) : parsed;
  const sources = files.map((file) => file.source);
  const whole = mergeTrees(branchesOf(files, problems), problems);
  if (whole === null || whole.entries.size === 0) {
    if (problems.size === 0) problems.add(startOf(options.path), "this policy is empty");
    return failed(problems, sources);
  }
  const valid = validate(policySchema, whole, problems);
  if (valid === null || files.some((file) => file.isBroken)) return failed(problems, sources);
  return compiled({ whole, ...valid, sources, problems }, options);
}

interface Checked {
  readonly whole: Branch;
  readonly tree: Tree;
  readonly value: RawPolicy;
  readonly sources: readonly Source[];
  readonly problems: ProblemList;
}

async function compiled(checked: Checked, options: LoadOptions): Promise<Loaded> {
  const { whole, tree, value, problems } = checked;
  const faqs = await readFaqs(tree, options, problems);
  const sources = [...checked.sources, ...faqs.sources];
  const policy = compile(value, new Context(tree, whole, problems), {
    revision: revisionOf(sources),
    files: pathsOf(sources),
    faqs: faqs.byName,
    prices: options.prices ?? (await readPrices()),
  });
  if (problems.size > 0) return failed(problems, sources);
  return { ok: true, policy, revision: policy.revision, ...listed(sources) };
}

function failed(problems: ProblemList, sources: readonly Source[]): Loaded {
  return {
    ok: false,
    problems: problems.sorted(),
    revision: revisionOf(sources),
    ...listed(sources),
  };
}

async function sourceOf(file: string, { edits }: LoadOptions): Promise<Source> {
  const text = edits?.get(file);
  return text === undefined ? readSource(file) : { ok: true, path: file, text };
}

function listed(sources: readonly Source[]): Pick<LoadedBase, "sources" | "texts"> {
  const texts = sources.flatMap((one) => (one.ok ? [{ path: one.path, text: one.text }] : []));
  return { sources: pathsOf(sources), texts };
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

interface FaqReference {
  readonly name: string;
  readonly file: string;
  readonly at: Position;
}

/** The FAQ files that routes name, each relative to the file the route stands in. */
function faqReferences(tree: Tree): readonly FaqReference[] {
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

async function readFaqs(
  tree: Tree,
  options: LoadOptions,
  problems: ProblemList,
): Promise<{ byName: ReadonlyMap<string, Faq>; sources: readonly Source[] }> {
  const byName = new Map<string, Faq>();
  const sources = new Map<string, Source>();
  for (const { name, file, at } of faqReferences(tree)) {
    const source = sources.get(file) ?? (await sourceOf(file, options));
    sources.set(file, source);
    if (!source.ok) problems.add(at, `the FAQ \`${name}\` cannot be read: ${source.message}`);
    if (!source.ok || byName.has(name)) continue;
    const faq = readFaq(name, source.text, { file, env: options.env, problems });
    if (faq !== null) byName.set(name, faq);
  }
  return { byName, sources: [...sources.values()] };
}

function pathsOf(sources: readonly Source[]): readonly string[] {
  return sources.map((source) => source.path);
}

function startOf(file: string): Position {
  return { file, line: 1, column: 1 };
}
