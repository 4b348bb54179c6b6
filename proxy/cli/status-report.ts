/** Writes what `sidestep status` found: a table with its sum and the commands that mend it, or JSON. */

/** One pod. */
interface StandingPod {
  readonly namespace: string;
  readonly name: string;
  readonly state: "current" | "skewed" | "missing";
  readonly version: string | null;
  readonly image: string | null;
  readonly mode: string | null;
  readonly reason: string | null;
  readonly because: string | null;
  readonly owner: PodOwner;
}

interface PodOwner {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
}

/** What the injector's part finds. */
export interface ClusterSurvey {
  readonly injectors: { readonly versions: readonly string[]; readonly untold: readonly string[] };
  readonly expected: readonly string[];
  readonly pods: readonly StandingPod[];
  readonly over: number;
  readonly unseen: readonly string[];
  readonly renewals: readonly {
    readonly owner: PodOwner;
    readonly pods: number;
    readonly command: readonly string[] | null;
    readonly advice: string | null;
  }[];
}

/** What is reported. */
export interface StatusReport extends ClusterSurvey {
  /** This program's version. */
  readonly program: string;
  /** Of the cluster that was asked, so that a printed command reaches the same. */
  readonly kubectlFlags: readonly string[];
}

/** For machines: one line. */
export function reportJson(report: StatusReport): string {
  const { pods, program, injectors, expected } = report;
  return JSON.stringify({
    isWell: pods.every(({ state }) => state === "current"),
    program,
    injectors: injectors.versions,
    expected,
    counts: countsOf(report),
    notes: notesOf(report),
    pods,
    mends: mendsOf(report),
  });
}

/** For people. */
export function reportLines(report: StatusReport): readonly string[] {
  const { pods } = report;
  const head = ["NAMESPACE", "POD", "STATE", "VERSION", "MODE", "IMAGE", "BECAUSE"];
  const rows = pods.map(({ namespace, name, state, version, mode, image, because }) =>
    [namespace, name, state, version, mode, image, because].map((cell) => cell ?? "-"),
  );
  const table = pods.length === 0 ? [] : [...aligned([head, ...rows]), ""];
  const mends = mendsOf(report).map(({ owner, command, advice }) => {
    const { namespace, kind, name } = owner;
    return command ?? `# ${kind.toLowerCase()}/${name} in ${namespace}: ${advice ?? ""}`;
  });
  const mending =
    mends.length === 0 ? [] : ["", "To mend it:", ...mends.map((line) => `  ${line}`)];
  return [...table, sum(report), ...notesOf(report), ...mending];
}

function countsOf({ pods, over }: StatusReport) {
  const count = (wanted: StandingPod["state"]): number =>
    pods.filter(({ state }) => state === wanted).length;
  return { current: count("current"), skewed: count("skewed"), missing: count("missing"), over };
}

function sum(report: StatusReport): string {
  const { current, skewed, missing, over } = countsOf(report);
  const all = current + skewed;
  const parts = [
    `${all} ${all === 1 ? "pod has" : "pods have"} a sidecar`,
    `${current} by ${report.expected.join(" or ")}`,
    `${skewed} skewed`,
    `${missing} without one that ${missing === 1 ? "asks" : "ask"} for it`,
    ...(over === 0 ? [] : [`${over} over or being deleted, not counted`]),
  ];
  return `${parts.join("; ")}.`;
}

/** What the figures stand on. */
function notesOf({ injectors, program, unseen }: StatusReport): readonly string[] {
  const { versions, untold } = injectors;
  const [only] = versions;
  const measure =
    only === undefined
      ? `No version of the injector can be told${untold.length === 0 ? "" : ` from its image ${untold.join(", ")}`}: that of this program is the measure, ${program}.`
      : `The injector is ${versions.join(" and ")}${versions.length > 1 ? ", in the middle of an upgrade" : ""}; this program is ${program}.`;
  const unknown = `Not known of ${unseen.join(", ")}: whether the namespace asks for sidecars.`;
  return [measure, ...(unseen.length === 0 ? [] : [unknown])];
}

function mendsOf({ renewals, kubectlFlags }: StatusReport) {
  return renewals.map(({ command, ...rest }) => ({
    ...rest,
    command: command === null ? null : shellLine(["kubectl", ...command, ...kubectlFlags]),
  }));
}

/** As it can be pasted. */
function shellLine(words: readonly string[]): string {
  return words
    .map((word) =>
      /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`,
    )
    .join(" ");
}

/** Columns as wide as their widest cell; the last one as it is. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) =>
    rows.reduce((widest, row) => Math.max(widest, row[at]?.length ?? 0), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
