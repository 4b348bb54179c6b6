/** `sidestep status`: which pods of a cluster have a sidecar, of which version, which lack one, and how to mend it. */
import { programVersion } from "../telemetry/program-version.ts";
import { exitCodes, UsageError, type Command, type Terminal } from "./command.ts";
import { durationMs, readFlags, valueOf, type Flag, type Flags } from "./flags.ts";
import { kubectl, type KubectlOptions } from "./kubectl.ts";
import { bytesOf } from "./settings-file.ts";
import { reportJson, reportLines, type ClusterSurvey } from "./status-report.ts";

/** The injector's part, which is loaded when it is wanted. */
export interface Surveyor {
  surveyCluster(
    texts: readonly string[],
    options: { readonly version: string; readonly namespace: string | null },
  ):
    | { readonly ok: true; readonly survey: ClusterSurvey }
    | { readonly ok: false; readonly problem: string };
  /** Labels of the injector's own pods, as `kubectl -l` takes them. */
  readonly injectorSelector: string;
}

const flags: Readonly<Record<string, Flag>> = {
  namespace: { kind: "string", short: "n" },
  file: { kind: "string", isList: true, short: "f" },
  context: { kind: "string" },
  kubeconfig: { kind: "string" },
  timeout: { kind: "string" },
  output: { kind: "string", short: "o" },
};

const outputs: readonly string[] = ["table", "json"];

const help = `sidestep status: tells which pods have a sidecar and of which version, which lack one, and the mend

  -n, --namespace NAME   look at one namespace (default: all of them)
  -f, --file FILE        read what \`kubectl get pods,namespaces -A -o json\` has printed instead of asking
                         the cluster; may be given more than once; - is standard input
  --context NAME         for kubectl: another context than the current one
  --kubeconfig FILE      for kubectl: another file than its usual one
  --timeout DURATION     how long kubectl may take (default: 60s)
  -o, --output FORM      table or json (default: table)
  --help                 this text

The cluster is asked by kubectl, with your own rights. A pod is skewed when another version than the
injector's patched it; where no pod of the injector can be seen, this program's version is the measure.
It is missing when itself or its namespace asks for a sidecar and it has none, whatever the reason; a pod
that is to have none says so by the label sidestep.dev/inject: disabled. Pods that are over or being
deleted do not count. Nothing is changed: the commands that mend it are printed.
Exit codes: 0 none is skewed or missing, 1 some are, 2 a flag or a file is invalid, or kubectl failed.`;

/** The command. */
export function statusCommand(open: () => Promise<Surveyor>): Command {
  return {
    name: "status",
    summary: "tell which pods of a cluster have an outdated sidecar, or lack one",
    help,
    run: async (args, terminal) => {
      const given = readFlags(args, flags, terminal.env);
      const isJson = outputIn(given) === "json";
      const surveyor = await open();
      const namespace = valueOf(given, "namespace") ?? null;
      const read = await objectsIn(given, namespace, surveyor.injectorSelector, terminal);
      if (!read.ok) return told(read.problem, terminal);
      const version = await programVersion();
      const looked = surveyor.surveyCluster(read.texts, { version, namespace });
      if (!looked.ok) return told(`${read.source}: ${looked.problem}`, terminal);
      const report = { ...looked.survey, program: version, kubectlFlags: clusterFlags(given) };
      const lines = isJson ? [reportJson(report)] : reportLines(report);
      for (const line of lines) terminal.out(line);
      const isWell = report.pods.every(({ state }) => state === "current");
      return isWell ? exitCodes.ok : exitCodes.failed;
    },
  };
}

function told(problem: string, terminal: Terminal): number {
  terminal.err(problem);
  return exitCodes.invalid;
}

function outputIn(given: Flags): string {
  const [stray] = given.rest;
  if (stray !== undefined) throw new UsageError(`status takes no word "${stray}"`);
  const output = valueOf(given, "output") ?? "table";
  if (outputs.includes(output)) return output;
  throw new UsageError(`--output ${output}: expected ${outputs.join(" or ")}`);
}

function clusterFlags(given: Flags): readonly string[] {
  return ["context", "kubeconfig"].flatMap((name) => {
    const value = valueOf(given, name);
    return value === undefined ? [] : [`--${name}`, value];
  });
}

type ObjectsRead =
  | { readonly ok: true; readonly source: string; readonly texts: readonly string[] }
  | { readonly ok: false; readonly problem: string };

async function objectsIn(
  given: Flags,
  namespace: string | null,
  injectorSelector: string,
  terminal: Terminal,
): Promise<ObjectsRead> {
  const files = given.values.get("file") ?? [];
  if (files.length === 0) {
    const options = { flags: clusterFlags(given), limitMs: durationMs(given, "timeout", "60s") };
    return asked(namespace, injectorSelector, options);
  }
  const texts: string[] = [];
  for (const file of files) {
    const bytes = file === "-" ? await terminal.input() : await bytesOf(file);
    texts.push(bytes.toString("utf8"));
  }
  const source = `${files.join(", ")} (as \`kubectl get pods,namespaces -A -o json\` prints it)`;
  return { ok: true, source, texts };
}

/** One namespace is asked for with no more rights than those to it; what else is of use may be refused. */
async function asked(
  namespace: string | null,
  injectorSelector: string,
  options: KubectlOptions,
): Promise<ObjectsRead> {
  const json = ["-o", "json"];
  const injectors = ["get", "pods", "-A", "-l", injectorSelector, ...json];
  const [needed, ...wanted] =
    namespace === null
      ? [["get", "pods,namespaces", "-A", ...json]]
      : [
          ["get", "pods", "-n", namespace, ...json],
          ["get", "namespaces", namespace, ...json],
          injectors,
        ];
  const answers = await Promise.all(
    [needed ?? [], ...wanted].map((args) => kubectl(args, options)),
  );
  const texts: string[] = [];
  for (const [at, answer] of answers.entries()) {
    if (answer.ok) texts.push(answer.text);
    else if (at === 0 || !answer.isForbidden) return answer;
  }
  return { ok: true, source: "kubectl", texts };
}
