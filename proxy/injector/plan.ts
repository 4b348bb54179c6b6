/** What is settled before a pod is patched: the kind of sidecar, its ports, and whether it was patched before. */
import type { Wishes } from "./annotations.ts";
import type { Skip } from "./eligibility.ts";
import { allContainers, type Pod } from "./pod.ts";
import { freePorts, portsFrom, type Ports } from "./ports.ts";
import { REDIRECT, redirectProblem } from "./redirect-container.ts";
import type { Settings } from "./settings.ts";
import { SIDECAR, VOLUME_PREFIX } from "./sidecar-container.ts";
import { readStatus, type Status } from "./status.ts";

/** What stays the same however often a pod is patched. */
export interface Plan {
  readonly wishes: Wishes;
  readonly ports: Ports;
  readonly isNative: boolean;
  /** What an earlier patch says of itself. */
  readonly status: Status | null;
}

/** First minor version in which init containers with `restartPolicy: Always` are on. */
const NATIVE_SINCE = 29;

/** The plan; or why there is none. */
export function planOf(
  pod: Pod,
  wishes: Wishes,
  settings: Settings,
  minor: number | null,
): Plan | Skip {
  const status = readStatus(pod);
  const missing = missingContainer(pod, wishes);
  if (missing !== null) return missing;
  if (status !== null) {
    const ports = portsFrom(status.port);
    return { wishes, ports, isNative: status.sidecar === "native", status };
  }
  const clash = clashIn(pod);
  if (clash !== null) return clash;
  const isNative = isNativeHere(settings, minor);
  const problem = redirectProblem(wishes, settings, isNative);
  if (problem !== null) return { reason: "annotation_invalid", detail: problem };
  if (!isNative && endsByItself(pod)) return { reason: "job_needs_native_sidecar", detail: null };
  const wanted = wishes.port ?? settings.port;
  const ports = freePorts(allContainers(pod), wanted, wishes.port !== null);
  if (ports === null) return { reason: "ports_taken", detail: `${wanted} to ${wanted + 2}` };
  return { wishes, ports, isNative, status };
}

function isNativeHere({ native }: Settings, minor: number | null): boolean {
  return native === "auto" ? (minor ?? NATIVE_SINCE) >= NATIVE_SINCE : native === "always";
}

/** Pods of Jobs, and others that are done when their containers are. */
function endsByItself({ spec }: Pod): boolean {
  return (spec.restartPolicy ?? "Always") !== "Always";
}

/** A name that is ours in a pod that was not patched belongs to somebody else. */
function clashIn(pod: Pod): Skip | null {
  const container = allContainers(pod).find(({ name }) => name === SIDECAR || name === REDIRECT);
  const volume = (pod.spec.volumes ?? []).find(({ name }) => name.startsWith(VOLUME_PREFIX));
  const clash = container ?? volume;
  return clash === undefined ? null : { reason: "name_taken", detail: clash.name };
}

function missingContainer(pod: Pod, { containers }: Wishes): Skip | null {
  const names = new Set(allContainers(pod).map(({ name }) => name));
  const missing = [...(containers ?? [])].find((name) => !names.has(name));
  if (missing === undefined) return null;
  return { reason: "annotation_invalid", detail: `the pod has no container \`${missing}\`` };
}
