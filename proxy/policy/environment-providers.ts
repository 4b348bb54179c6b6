/** Providers that the environment names beside the policy: an injected sidecar learns there whom its application calls. */
import { KNOWN_URLS } from "./defaults.ts";
import type { Environment } from "./interpolation.ts";
import { mergeBranches } from "./merge.ts";
import { parseTree } from "./parse.ts";
import type { ProblemList } from "./problem.ts";
import { find, type Branch, type Entry, type Tree } from "./tree.ts";

/** Holds what stands under `providers` in a policy. */
const NAME = "SIDESTEP_PROVIDERS";

/** The policy with those providers under its own: what the policy says of one wins key by key. */
export function withProviders(whole: Branch, env: Environment, problems: ProblemList): Branch {
  const text = env[NAME] ?? "";
  if (text.trim() === "") return whole;
  const given = parseTree(text, { file: NAME, env, problems });
  if (given === null) return whole;
  if (given.kind !== "map") {
    problems.add(given.at, "expected a map of providers");
    return whole;
  }
  // A policy that names none has the vendors' own, and keeps them.
  const isNamed = find(whole, ["providers"]) !== undefined;
  const defaults = isNamed
    ? []
    : [...KNOWN_URLS.keys()].map((name) => [name, empty(given)] as const);
  const providers = mergeBranches(branch(given, defaults), given);
  return mergeBranches(branch(given, [["providers", entry(providers)]]), whole);
}

function branch({ at }: Tree, entries: readonly (readonly [string, Entry])[]): Branch {
  return { kind: "map", at, entries: new Map(entries), lost: [] };
}

function entry(value: Tree): Entry {
  return { keyAt: value.at, value };
}

function empty(near: Tree): Entry {
  return entry(branch(near, []));
}
