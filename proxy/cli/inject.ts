/** `sidestep inject` and `uninject`: put the sidecar into manifests and take it out, by the webhook's own rules. */
import { exitCodes, UsageError, type Command, type Terminal } from "./command.ts";
import { readFlags, valueOf, type Flag, type Flags } from "./flags.ts";
import { bytesOf, settingsOf, type SettingsReader } from "./settings-file.ts";
import { programVersion } from "../telemetry/program-version.ts";

/** What was done to a workload or container, in one line. */
export interface InjectedLine {
  readonly workload: string;
  readonly container: string | null;
  readonly reason: string | null;
  readonly about: string | null;
  readonly sentence: string;
}

/** A patched manifest, or what is wrong with it. */
export type PatchedText =
  | { readonly ok: true; readonly text: string; readonly told: readonly InjectedLine[] }
  | { readonly ok: false; readonly problem: string };

/** The injector's part; `Settings` are what it makes of the operator's own. */
export interface ManifestPatcher<Settings> extends SettingsReader<Settings> {
  injectManifest(
    text: string,
    settings: Settings,
    facts: { readonly minor: number | null; readonly version: string },
  ): PatchedText;
  uninjectManifest(text: string): PatchedText;
}

const flags: Readonly<Record<string, Flag>> = {
  file: { kind: "string", isList: true, short: "f" },
};

const injectFlags: Readonly<Record<string, Flag>> = {
  ...flags,
  settings: { kind: "string" },
  image: { kind: "string" },
  kubernetes: { kind: "string" },
};

const files = `  -f, --file FILE        a manifest, also of several documents; may be given more than once; - is standard
                         input (default)`;

const injectHelp = `sidestep inject: prints manifests with the sidecar in every workload

${files}
  --settings FILE        the operator's settings, as the chart's \`sidecar\` values hold them
  --image IMAGE          the sidecar's image (default: that of the settings, else sidestep:VERSION)
  --kubernetes VERSION   the oldest Kubernetes in the cluster, nodes included (default: 1.29 or newer)
  --help                 this text

Pods, PodTemplates, Deployments, ReplicaSets, ReplicationControllers, StatefulSets, DaemonSets, Jobs,
CronJobs, Rollouts, and lists of these. Other objects pass as they are. The webhook patches by the same
rules; docs/kubernetes.md tells them. Comments stay; indentation may change, and aliases are written out.
What was done to each container, or why not, goes to standard error.
Exit codes: 0 printed, 2 a manifest, the settings or a flag is invalid or not there.`;

const uninjectHelp = `sidestep uninject: prints manifests without what sidestep inject put in

${files}
  --help                 this text

What was changed stands in the annotation sidestep.dev/status, by which it is taken back.
Exit codes: 0 printed, 2 a manifest or a flag is invalid or not there.`;

/** The command that puts sidecars in. */
export function injectCommand<S>(open: () => Promise<ManifestPatcher<S>>): Command {
  return {
    name: "inject",
    summary: "print a Kubernetes manifest with the sidecar in it",
    help: injectHelp,
    run: async (args, terminal) => {
      const given = readFlags(args, injectFlags, terminal.env);
      const patcher = await open();
      const version = await programVersion();
      const settings = await settingsOf(given, patcher, version);
      const facts = { version, minor: minorOf(valueOf(given, "kubernetes")) };
      return patchAll(given, terminal, (text) => patcher.injectManifest(text, settings, facts));
    },
  };
}

/** The command that takes them out. */
export function uninjectCommand<S>(open: () => Promise<ManifestPatcher<S>>): Command {
  return {
    name: "uninject",
    summary: "print a Kubernetes manifest without the sidecar",
    help: uninjectHelp,
    run: async (args, terminal) => {
      const given = readFlags(args, flags, terminal.env);
      const patcher = await open();
      return patchAll(given, terminal, (text) => patcher.uninjectManifest(text));
    },
  };
}

function minorOf(version: string | undefined): number | null {
  if (version === undefined) return null;
  const minor = /^v?1\.(\d{1,3})(?:[.+-].*)?$/.exec(version)?.[1];
  if (minor === undefined)
    throw new UsageError(`--kubernetes ${version}: a version looks like 1.29`);
  return Number(minor);
}

async function patchAll(
  given: Flags,
  terminal: Terminal,
  patch: (text: string) => PatchedText,
): Promise<number> {
  const named = [...(given.values.get("file") ?? []), ...given.rest];
  let isWell = true;
  for (const [at, file] of (named.length === 0 ? ["-"] : named).entries()) {
    const bytes = file === "-" ? await terminal.input() : await bytesOf(file);
    const patched = patch(bytes.toString("utf8"));
    isWell = print(patched, { file, isFirst: at === 0, terminal }) && isWell;
  }
  return isWell ? exitCodes.ok : exitCodes.invalid;
}

function print(
  patched: PatchedText,
  { file, isFirst, terminal }: { file: string; isFirst: boolean; terminal: Terminal },
): boolean {
  if (!patched.ok) {
    terminal.err(`${file}: ${patched.problem}`);
    return false;
  }
  if (!isFirst && !patched.text.startsWith("---")) terminal.out("---");
  terminal.out(patched.text.replace(/\n$/, ""));
  if (patched.told.length === 0) terminal.err(`${file}: there is no workload in it`);
  for (const line of patched.told) terminal.err(lineOf(line));
  return true;
}

function lineOf({ workload, container, reason, about, sentence }: InjectedLine): string {
  const where = container === null ? workload : `${workload} ${container}`;
  const what = about === null ? "" : ` ${about}`;
  return reason === null ? `${where}: ${sentence}` : `${where}:${what} ${reason}: ${sentence}`;
}
