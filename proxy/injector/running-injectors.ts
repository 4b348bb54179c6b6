/** Finds the injector's own pods among others: which version it is, and which namespaces it leaves alone. */
import type { SeenPod } from "./cluster-objects.ts";
import { wordsOf, type Container } from "./pod.ts";

/** The injector as its pods tell of it. */
export interface RunningInjectors {
  /** Two while it is being upgraded; none when that cannot be told. */
  readonly versions: readonly string[];
  readonly excluded: ReadonlySet<string>;
  /** Images that have no version in their names. */
  readonly untold: readonly string[];
}

/** As the chart labels its pods. */
const labels = {
  "app.kubernetes.io/name": "sidestep",
  "app.kubernetes.io/component": "injector",
} as const;

/** The same for `kubectl -l`. */
export const injectorSelector: string = Object.entries(labels)
  .map(([name, value]) => `${name}=${value}`)
  .join(",");

const CHART_VERSION = "app.kubernetes.io/version";

/** What is told by those that run. */
export function injectorsAmong(pods: readonly SeenPod[]): RunningInjectors {
  const own = pods.filter(({ pod, isOver }) => {
    const words = wordsOf(pod, "labels");
    return !isOver && Object.entries(labels).every(([name, value]) => words[name] === value);
  });
  const told = own.map((seen) => ({ version: versionOf(seen), image: imageOf(containerOf(seen)) }));
  const versions = told.flatMap(({ version }) => (version === null ? [] : [version]));
  const untold = told.flatMap(({ version, image }) => (version === null ? [image ?? "none"] : []));
  return {
    versions: [...new Set(versions)].toSorted(),
    excluded: new Set(own.flatMap((seen) => [seen.namespace, ...excludedBy(seen)])),
    untold: [...new Set(untold)],
  };
}

/** A container's image. */
export function imageOf(container: Container | undefined): string | null {
  const image = container?.["image"];
  return typeof image === "string" ? image : null;
}

/** The tag counts, which whoever installed may have chosen, the variant behind it not; with a digest alone, the chart's word. */
function versionOf(seen: SeenPod): string | null {
  const image = imageOf(containerOf(seen)) ?? "";
  const [name = "", digest] = image.split("@");
  const tag = /:([^/:]+?)(?:-slim)?$/.exec(name)?.[1];
  if (tag !== undefined) return /^v?(\d+\.\d+\.\d+(?:[-+.].+)?)$/.exec(tag)?.[1] ?? null;
  return digest === undefined ? null : (wordsOf(seen.pod, "labels")[CHART_VERSION] ?? null);
}

function containerOf({ pod }: SeenPod): Container | undefined {
  return pod.spec.containers.find((container) => argsOf(container)[0] === "injector");
}

function excludedBy(seen: SeenPod): readonly string[] {
  return argsOf(containerOf(seen)).flatMap((arg) => /^--exclude=(.+)$/.exec(arg)?.[1] ?? []);
}

function argsOf(container: Container | undefined): readonly string[] {
  const args = container?.["args"];
  return Array.isArray(args) ? args.map(String) : [];
}
