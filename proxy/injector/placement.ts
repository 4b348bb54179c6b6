/** Puts the sidecar, its volumes and its marks into a pod; what stands there already stays as it is. */
import { isDeepStrictEqual } from "node:util";
import { INJECTED, STATUS } from "./annotations.ts";
import { isMesh } from "./containers.ts";
import type { Container, Pod, PodSpec, Variable, Volume } from "./pod.ts";
import { SIDECAR } from "./sidecar-container.ts";
import { statusText, type Status } from "./status.ts";

/** Which container `kubectl exec` and `logs` mean. */
export const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

/** What is put in. */
export interface Placement {
  /** Every container but the sidecar, init containers first, in the pod's order. */
  readonly containers: readonly Container[];
  readonly sidecar: Container;
  /** Goes before the sidecar; null where nothing is redirected. */
  readonly redirect: Container | null;
  readonly volumes: readonly Volume[];
  readonly isNative: boolean;
  readonly graceSeconds: number;
  readonly status: Status;
}

/** The pod with everything in its place; what stands there already stays as it is. */
export function placed(pod: Pod, placement: Placement): Pod {
  const { status, graceSeconds } = placement;
  const { metadata, spec } = pod;
  const annotations = { ...metadata?.annotations, [STATUS]: statusText(status) };
  if (status.default) annotations[DEFAULT_CONTAINER] ??= spec.containers[0]?.name ?? "";
  return {
    ...pod,
    metadata: { ...metadata, labels: { ...metadata?.labels, [INJECTED]: "true" }, annotations },
    spec: {
      ...spec,
      ...containersIn(spec, placement),
      volumes: withNamed(spec.volumes, placement.volumes),
      ...(status.grace === null ? {} : { terminationGracePeriodSeconds: graceSeconds }),
      ...(status.pull.length === 0
        ? {}
        : { imagePullSecrets: withNamed(spec.imagePullSecrets, status.pull.map(named)) }),
    },
  };
}

/** Where a native sidecar goes: before the pod's own init containers, after the mesh that it calls through. */
export function placeAmong(inits: readonly Container[]): number {
  const present = inits.findIndex(({ name }) => name === SIDECAR);
  if (present !== -1) return present;
  const first = inits.findIndex((container) => !isMesh(container));
  return first === -1 ? inits.length : first;
}

function containersIn(spec: PodSpec, placement: Placement): Partial<PodSpec> {
  const { containers, isNative, sidecar, redirect } = placement;
  const byName = new Map(containers.map((container) => [container.name, container]));
  const inits = (spec.initContainers ?? []).map((each) => byName.get(each.name) ?? each);
  const apps = spec.containers.map((each) => byName.get(each.name) ?? each);
  const own = [...inits, ...apps].find(({ name }) => name === SIDECAR);
  if (own !== undefined) {
    const merged = { ...own, env: mergedEnv(own.env ?? [], sidecar.env ?? []) };
    const put = (list: readonly Container[]) =>
      list.map((each) => (each.name === SIDECAR ? merged : each));
    return { ...(inits.length === 0 ? {} : { initContainers: put(inits) }), containers: put(apps) };
  }
  if (isNative) {
    const ours = redirect === null ? [sidecar] : [redirect, sidecar];
    return { initContainers: inits.toSpliced(placeAmong(inits), 0, ...ours), containers: apps };
  }
  return {
    ...(inits.length === 0 ? {} : { initContainers: inits }),
    containers: [sidecar, ...apps],
  };
}

/** What was added to the sidecar since stays; what it needs for containers added since comes in. */
function mergedEnv(present: readonly Variable[], wanted: readonly Variable[]): Variable[] {
  const byName = new Map(wanted.map((variable) => [variable.name, variable]));
  const names = new Set(present.map(({ name }) => name));
  const kept = present.map((variable) => {
    const now = byName.get(variable.name);
    return now === undefined || isDeepStrictEqual(now, variable) ? variable : now;
  });
  return [...kept, ...wanted.filter(({ name }) => !names.has(name))];
}

function withNamed<T extends { readonly name?: string | null | undefined }>(
  present: readonly T[] | null | undefined,
  more: readonly T[],
): T[] {
  const names = new Set((present ?? []).map(({ name }) => name));
  return [...(present ?? []), ...more.filter(({ name }) => !names.has(name))];
}

function named(name: string): { readonly name: string } {
  return { name };
}
