/** What a sidecar or an explanation begins with: the first policy and the ground under it, or why there is none. */
import { resolve } from "node:path";
import { bundledPolicy } from "./cli/check.ts";
import type { Terminal } from "./cli/command.ts";
import { StartFailed, type RunOptions } from "./cli/run.ts";
import { layGround, type Ground } from "./ground.ts";
import { loadPolicy } from "./policy/load.ts";
import { formatProblem } from "./policy/problem.ts";
import type { GoodPolicy } from "./policy/watch.ts";

/** A policy to begin with. */
export interface FirstPolicy {
  readonly loaded: GoodPolicy;
  /** False for the one that stands in for a named one that is invalid. */
  readonly isNamed: boolean;
}

/** Whole paths of the levels that were named; the bundled policy's when none was. */
export function pathsOf(named: readonly string[]): readonly string[] {
  return (named.length === 0 ? [bundledPolicy] : named).map((path) => resolve(path));
}

/** Throws StartFailed with every problem. */
export async function goodPolicy(
  path: readonly string[],
  env: Terminal["env"],
  needsCallers = false,
): Promise<GoodPolicy> {
  const loaded = await loadPolicy({ path, env, needsCallers });
  if (!loaded.ok) throw new StartFailed(loaded.problems.map(formatProblem));
  return loaded;
}

/** The named policy; the bundled one, which only observes, where a start is wanted anyway. A gateway's must be good. */
export async function firstPolicy(
  path: readonly string[],
  { env, startsAnyway, isGateway }: Pick<RunOptions, "env" | "startsAnyway" | "isGateway">,
): Promise<FirstPolicy> {
  if (isGateway) return { loaded: await goodPolicy(path, env, true), isNamed: true };
  const loaded = await loadPolicy({ path, env });
  if (loaded.ok) return { loaded, isNamed: true };
  if (!startsAnyway) throw new StartFailed(loaded.problems.map(formatProblem));
  return { loaded: await goodPolicy([bundledPolicy], env), isNamed: false };
}

/** What can be wrong here is what the caller named: a proxy's URL, a file of authorities. */
export async function groundFor(
  options: Parameters<typeof layGround>[0],
  policy: GoodPolicy["policy"],
): Promise<Ground> {
  try {
    return await layGround(options, policy);
  } catch (fault) {
    throw fault instanceof Error ? new StartFailed([fault.message]) : fault;
  }
}

/** The ground, without what is of no use where a start is wanted anyway. */
export async function firstGround(
  options: RunOptions,
  policy: GoodPolicy["policy"],
): Promise<Ground> {
  if (!options.startsAnyway) return groundFor(options, policy);
  const untrusting = {
    ...options,
    caFiles: [],
    env: without(options.env, /^NODE_EXTRA_CA_CERTS$/),
  };
  const direct = (from: RunOptions): RunOptions => ({
    ...from,
    env: without(from.env, /^https?_proxy$/i),
  });
  const told = new Set<string>();
  for (const each of [options, untrusting, direct(options)]) {
    try {
      return await layGround(each, policy);
    } catch (fault) {
      const message = fault instanceof Error ? fault.message : String(fault);
      if (!told.has(message)) options.warn(message);
      told.add(message);
    }
  }
  return groundFor(direct(untrusting), policy);
}

function without(env: Terminal["env"], names: RegExp): Terminal["env"] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.test(name)));
}
