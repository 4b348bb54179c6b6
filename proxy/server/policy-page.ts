/** What `/policy` of the admin listener shows: the policy in force, its models, and why the files' present state is not. */
import type { Policy } from "../core/policy.ts";
import type { ModelState } from "../inference/model-thread.ts";
import { formatProblem, type Problem } from "../policy/problem.ts";
import type { PolicyPage } from "./page-data.ts";

/** What is in force, and what is not. */
export interface InForce {
  readonly policy: Policy;
  readonly isStopped: boolean;
  /** Bounds over all calls; null before the listener is there. */
  readonly capacity: object | null;
  /** ISO 8601. */
  readonly loadedAt: string;
  /** State of the model that decides; null without one. */
  readonly modelState: ModelState | null;
  /** States of text-generation models by the name that routes write. */
  readonly generators: Readonly<Record<string, ModelState>>;
  readonly problems: readonly Problem[];
}

/** The page, to be written as JSON. */
export function policyPage({ policy, problems, ...now }: InForce): PolicyPage {
  const { revision, files, mode, model, routes, intents } = policy;
  return {
    revision,
    files,
    mode,
    model,
    ...now,
    routes: routes.map((route) => route.name),
    intents: intents.map((intent) => intent.name),
    problems: problems.map(formatProblem),
  };
}
