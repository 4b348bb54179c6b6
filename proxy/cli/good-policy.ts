/** Loads the policy that a command starts with; what is wrong with it ends the command, said in full. */
import { loadPolicy } from "../policy/load.ts";
import { formatProblem } from "../policy/problem.ts";
import type { GoodPolicy } from "../policy/watch.ts";
import type { Terminal } from "./command.ts";
import { StartFailed } from "./run.ts";

/** Rejects with StartFailed when the policy is invalid. */
export async function goodPolicy(path: string, env: Terminal["env"]): Promise<GoodPolicy> {
  const loaded = await loadPolicy({ path, env });
  if (!loaded.ok) throw new StartFailed(loaded.problems.map(formatProblem));
  return loaded;
}
