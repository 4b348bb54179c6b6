/** Pods and namespaces as `kubectl get -o json` prints them, with sidecars as the injector puts them in. */
import { inject } from "../../proxy/injector/inject.ts";
import type { Pod, PodSpec } from "../../proxy/injector/pod.ts";
import { injectorSettings } from "./injector.ts";

/** What a listed pod is like. */
export interface ListedPod {
  readonly namespace?: string;
  /** Kind and name of its controller. */
  readonly owner?: readonly [kind: string, name: string];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: Partial<PodSpec>;
  readonly phase?: string;
  readonly isLeaving?: boolean;
}

/** A pod without a sidecar. */
export function bare(name: string, like: ListedPod = {}): Pod {
  const { namespace = "shop", owner, labels = {}, annotations = {}, spec, phase } = like;
  const [kind, of] = owner ?? [];
  const reference = { apiVersion: "v1", kind, name: of, uid: "1", controller: true };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels,
      annotations,
      ...(owner === undefined ? {} : { ownerReferences: [reference] }),
      ...(like.isLeaving === true ? { deletionTimestamp: "2026-11-27T00:00:00Z" } : {}),
    },
    spec: { containers: [{ name: "app", image: "app:1" }], ...spec },
    status: { phase: phase ?? "Running" },
  };
}

/** The same as an injector of a version makes it, with a sidecar or a reason. */
export function patched(version: string, name: string, like: ListedPod = {}): object {
  const settings = injectorSettings({ image: `registry.example/sidestep:${version}` });
  const subject = { pod: bare(name, like), namespaceLabels: null, isAsked: true };
  return inject(subject, settings, { minor: 31, version, seen: () => null }).pod;
}

/** A namespace. */
export function namespaced(name: string, labels: Readonly<Record<string, string>> = {}): object {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

/** The injector's own pod, as the chart makes it. */
export function injectorPod(image: string, name: string = "sidestep-injector-1"): object {
  const labels = {
    "app.kubernetes.io/name": "sidestep",
    "app.kubernetes.io/component": "injector",
    "app.kubernetes.io/version": "0.3.0",
    "sidestep.dev/inject": "disabled",
  };
  const args = ["injector", "--name=sidestep-injector", "--exclude=kube-system"];
  const spec = { containers: [{ name: "injector", image, args }] };
  return bare(name, { namespace: "sidestep", labels, spec });
}

/** A list of them. */
export function listOf(...items: readonly object[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}
