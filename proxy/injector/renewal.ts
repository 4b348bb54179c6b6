/** How pods are made anew: what makes them, and the command for it, or why there is none. */
import { wordsOf } from "./pod.ts";
import type { SeenPod } from "./cluster-objects.ts";

/** What makes pods; a pod that nobody makes stands for itself. */
export interface Owner {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
}

/** One owner of pods that are to be made anew: `kubectl`'s arguments, or why none of its commands does it. */
export interface Renewal {
  readonly owner: Owner;
  readonly pods: number;
  readonly command: readonly string[] | null;
  readonly advice: string | null;
}

const restarted: ReadonlySet<string> = new Set(["Deployment", "StatefulSet", "DaemonSet"]);

const others: Readonly<Record<string, string>> = {
  Job: "a Job cannot be restarted; it ends by itself, and the next one gets the present sidecar",
  Node: "a static pod comes from a file of its node, and no webhook is asked about it",
  Pod: "nobody makes this pod anew: delete it and create it again",
  ReplicaSet: "a bare ReplicaSet cannot be restarted: delete its pods, and it makes new ones",
  ReplicationController:
    "a ReplicationController cannot be restarted: delete its pods, and it makes new ones",
};

const byHand =
  "neither the pod nor its namespace asks for a sidecar, so that a restart brings no new one: " +
  "give its manifest to `sidestep uninject` and `sidestep inject`, or label its namespace";

/** A Deployment's ReplicaSet has its name, and a hash that is the pod's label too. */
export function ownerOf({ pod, namespace, name, controller }: SeenPod): Owner {
  if (controller === null) return { namespace, kind: "Pod", name };
  if (controller.kind !== "ReplicaSet") return { namespace, ...controller };
  const labels = wordsOf(pod, "labels");
  for (const [label, kind] of [
    ["rollouts-pod-template-hash", "Rollout"],
    ["pod-template-hash", "Deployment"],
  ] as const) {
    const suffix = `-${labels[label]}`;
    if (labels[label] === undefined || !controller.name.endsWith(suffix)) continue;
    return { namespace, kind, name: controller.name.slice(0, -suffix.length) };
  }
  return { namespace, ...controller };
}

/** Each owner once, in the order of its first pod. */
export function renewalsOf(
  pods: readonly { readonly owner: Owner; readonly isAsking: boolean }[],
): readonly Renewal[] {
  const byOwner = Map.groupBy(pods, ({ owner }) => Object.values(owner).join("/"));
  return [...byOwner.values()].flatMap((all) => {
    const [first] = all;
    if (first === undefined) return [];
    const { owner, isAsking } = first;
    const command = isAsking ? commandFor(owner) : null;
    const usual = others[owner.kind] ?? `restart this ${owner.kind} as its own controller wants it`;
    const advice = command === null ? (isAsking ? usual : byHand) : null;
    return [{ owner, pods: all.length, command, advice }];
  });
}

function commandFor({ namespace, kind, name }: Owner): readonly string[] | null {
  if (kind === "Rollout") return ["argo", "rollouts", "restart", name, "-n", namespace];
  if (!restarted.has(kind)) return null;
  return ["rollout", "restart", `${kind.toLowerCase()}/${name}`, "-n", namespace];
}
