/** Loads a policy from its levels, files or directories; start, `check` and watch.ts call it. */
import type { Faq, Policy, Price } from "../core/policy.ts";
import { compile } from "./compile.ts";
import { Context } from "./context.ts";
import { readFaq } from "./faq.ts";
import type { Environment } from "./interpolation.ts";
import { withProviders } from "./environment-providers.ts";
import { faqReferences, readLevel, startOf } from "./level.ts";
import { joinLevels } from "./levels.ts";
import { readPrices } from "./prices.ts";
import { ProblemList, type Problem } from "./problem.ts";
import { policySchema, type RawPolicy } from "./schema.ts";
import { diskReader, hashOf, revisionOf, type Source, type SourceReader } from "./sources.ts";
import type { Branch, Tree } from "./tree.ts";
import { validate } from "./validate.ts";

/** What to load. */
export interface LoadOptions {
  /** A YAML file, a directory of them, or several of these: levels, the outermost first. */
  readonly path: string | readonly string[];
  /** What `${VAR}` is filled from. */
  readonly env: Environment;
  /** The bundled price table; read from the repository when left out. */
  readonly prices?: ReadonlyMap<string, Price>;
  /** Where the files are; on disk when left out. */
  readonly reader?: SourceReader;
  /** Texts that stand in for files of the policy, by path: to see what an edit would come to. */
  readonly edits?: ReadonlyMap<string, string>;
  /** Whether a policy without callers is a mistake, as it is for a gateway. */
  readonly needsCallers?: boolean;
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
  const paths = levelsOf(options.path);
  const isOptional = paths.length > 1;
  const { env } = options;
  const reader = readerIn(options);
  const levels = await Promise.all(
    paths.map((path) => readLevel(path, { env, problems, reader, isOptional })),
  );
  const sources = levels.flatMap((level) => level.sources);
  const joined = joinLevels(
    levels.flatMap(({ tree }) => (tree === null ? [] : [tree])),
    problems,
  );
  if (joined === null || joined.entries.size === 0) {
    if (problems.size === 0) problems.add(startOf(paths.at(-1) ?? ""), "this policy is empty");
    return failed(problems, sources);
  }
  const whole = withProviders(joined, env, problems);
  const valid = validate(policySchema, whole, problems);
  if (valid === null || levels.some((level) => level.isBroken)) return failed(problems, sources);
  return compiled({ whole, ...valid, sources, problems }, options);
}

/** The levels that a path names. */
export function levelsOf(path: LoadOptions["path"]): readonly string[] {
  return typeof path === "string" ? [path] : path;
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
    hash: hashOf(sources),
    files: pathsOf(sources),
    faqs: faqs.byName,
    prices: options.prices ?? (await readPrices()),
    needsCallers: options.needsCallers ?? false,
  });
  if (problems.size > 0) return failed(problems, sources);
  return { ok: true, policy, revision: policy.revision, ...listed(sources) };
}

function failed(problems: ProblemList, sources: readonly Source[]): Loaded {
  return {
    ok: false,
    problems: problems.sorted(),
    revision: revisionOf(hashOf(sources)),
    ...listed(sources),
  };
}

/** The reader, with the edits in the place of what it would read. */
function readerIn({ edits, reader = diskReader }: LoadOptions): SourceReader {
  if (edits === undefined) return reader;
  const read = async (path: string): Promise<Source> => {
    const text = edits.get(path);
    return text === undefined ? reader.read(path) : { ok: true, path, text };
  };
  return { list: reader.list, read };
}

function listed(sources: readonly Source[]): Pick<LoadedBase, "sources" | "texts"> {
  const texts = sources.flatMap((one) => (one.ok ? [{ path: one.path, text: one.text }] : []));
  return { sources: pathsOf(sources), texts };
}

async function readFaqs(
  tree: Tree,
  options: LoadOptions,
  problems: ProblemList,
): Promise<{ byName: ReadonlyMap<string, Faq>; sources: readonly Source[] }> {
  const reader = readerIn(options);
  const byName = new Map<string, Faq>();
  const sources = new Map<string, Source>();
  for (const { name, file, at } of faqReferences(tree)) {
    const source = sources.get(file) ?? (await reader.read(file));
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
