/** `sidestep check`: tells whether a policy would load, with every problem's position. */
import type { Policy } from "../core/policy.ts";
import { bundledFile } from "../core/bundled.ts";
import { loadPolicy } from "../policy/load.ts";
import { formatProblem } from "../policy/problem.ts";
import { exitCodes, UsageError, type Command } from "./command.ts";
import { isOn, readFlags, type Flag } from "./flags.ts";

/** The policy that is used when none is named. */
export const bundledPolicy: string = bundledFile("policies/default.yaml");

const flags: Readonly<Record<string, Flag>> = {
  policy: { kind: "string", isList: true },
  gateway: { kind: "boolean" },
  json: { kind: "boolean" },
};

const help = `sidestep check: tells whether a policy would load

  sidestep check [flags] [FILE_OR_DIR]

  --policy FILE_OR_DIR   the policy (default: the bundled default.yaml); given more than once, each is a
                         level inside those before it
  --gateway              for \`sidestep run --gateway\`, which needs \`callers\`
  --json                 problems, or what the policy holds, as JSON
  --help                 this text

Each problem is a line FILE:LINE:COLUMN: MESSAGE. Exit codes: 0 it would load, 2 it would not.`;

/** The command. */
export const check: Command = {
  name: "check",
  summary: "tell whether a policy would load, and what is wrong with it",
  help,
  run: async (args, terminal) => {
    const given = readFlags(args, flags, terminal.env);
    const path = namedIn(args) ?? given.values.get("policy") ?? [bundledPolicy];
    const needsCallers = isOn(given, "gateway");
    const loaded = await loadPolicy({ path, env: terminal.env, needsCallers });
    const isJson = isOn(given, "json");
    if (loaded.ok) {
      terminal.out(
        isJson ? JSON.stringify(contents(loaded.policy)) : summary(path.join(", "), loaded.policy),
      );
      return exitCodes.ok;
    }
    if (isJson) terminal.out(JSON.stringify({ ok: false, problems: loaded.problems }));
    else for (const problem of loaded.problems) terminal.out(formatProblem(problem));
    return exitCodes.invalid;
  },
};

/** What the call itself names, which goes before the environment; null when it names none. */
function namedIn(args: readonly string[]): readonly string[] | null {
  const given = readFlags(args, flags, {});
  const levels = given.values.get("policy") ?? [];
  if (given.rest.length === 0) return levels.length === 0 ? null : levels;
  const named = [...levels, ...given.rest];
  if (named.length === 1) return named;
  throw new UsageError(
    `check looks at one policy, not at ${named.join(", ")}; levels need --policy`,
  );
}

function contents(policy: Policy): Readonly<Record<string, unknown>> {
  return {
    ok: true,
    revision: policy.revision,
    mode: policy.mode,
    model: policy.model,
    files: policy.files,
    routes: policy.routes.map((route) => route.name),
    intents: policy.intents.map((intent) => intent.name),
    providers: [...policy.providers.keys()],
    targets: [...policy.targets.keys()],
  };
}

function summary(path: string, policy: Policy): string {
  const counts = [
    plural(policy.routes.length, "route"),
    plural(policy.intents.length, "intent"),
    plural(policy.faqs.size, "FAQ file"),
    plural(policy.targets.size, "target"),
  ];
  return `${path}: good. Revision ${policy.revision}, mode ${policy.mode}, ${counts.join(", ")}.`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
