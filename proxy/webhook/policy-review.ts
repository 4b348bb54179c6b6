/** Checks policies in ConfigMaps by the checker that `sidestep check` and the sidecar use, together with the levels around them. */
import { loadPolicy } from "../policy/load.ts";
import { formatProblem, type Problem } from "../policy/problem.ts";
import { readerOf } from "../policy/sources.ts";

/** Texts by file name. */
export type PolicyFiles = Readonly<Record<string, string>>;

/** What is wrong with a policy. */
export interface PolicyReview {
  /** `NAMESPACE/NAME/FILE:LINE:COLUMN: MESSAGE`; none when it may be taken. */
  readonly problems: readonly string[];
  /** What only the sidecar can know. */
  readonly warnings: readonly string[];
}

/** Reviews the policy `name`; `outer` are the levels outside of it, outermost first. */
export async function reviewPolicy(
  name: string,
  files: PolicyFiles,
  outer: readonly (readonly [name: string, files: PolicyFiles])[] = [],
): Promise<PolicyReview> {
  const levels = [...outer, [name, files] as const].filter(([, texts]) => hasPolicy(texts));
  if (!hasPolicy(files)) {
    return { problems: [`${name}: there is no file in it that ends in .yaml`], warnings: [] };
  }
  const folders = new Map(levels);
  const path = levels.map(([level]) => level);
  const loaded = await loadPolicy({ path, env: {}, reader: readerOf(folders) });
  const all = loaded.ok ? [] : loaded.problems;
  // Those of other levels are not this one's fault, and their own review told them.
  const own = all.filter(({ file }) => file === name || file.startsWith(`${name}/`));
  return {
    problems: own.filter((problem) => !isUnset(problem)).map(formatProblem),
    warnings: own.filter(isUnset).map(formatProblem),
  };
}

/** The environment is the sidecar's, and is not known here. */
function isUnset({ message }: Problem): boolean {
  return /the environment has no variable/.test(message);
}

function hasPolicy(files: PolicyFiles): boolean {
  return Object.keys(files).some((name) => /^[^.].*\.ya?ml$/i.test(name));
}
