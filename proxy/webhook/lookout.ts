/** Looks for pods that should have a sidecar and do not: the webhook fails open, so somebody has to notice. */
import * as v from "valibot";
import { INJECT, INJECTED, STATUS } from "../injector/annotations.ts";
import type { KubernetesClient } from "./kubernetes-client.ts";
import { listAll, namespacesOf } from "./namespaces.ts";

const podSchema = v.object({
  metadata: v.object({
    namespace: v.string(),
    name: v.string(),
    uid: v.string(),
    deletionTimestamp: v.nullish(v.string()),
    annotations: v.optional(v.record(v.string(), v.string()), {}),
  }),
  status: v.optional(v.object({ phase: v.optional(v.string(), "") }), {}),
});

type SeenPod = v.InferOutput<typeof podSchema>;

/** A pod that asks for a sidecar, or whose namespace does, and that was never looked at. */
export interface MissingPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** All of them but those in the namespaces that the webhook leaves alone. */
export async function missingPods(
  client: KubernetesClient,
  excluded: ReadonlySet<string>,
): Promise<readonly MissingPod[]> {
  const missing: MissingPod[] = [];
  const look = async (path: string, labelSelector: string): Promise<void> => {
    for await (const item of listAll(client, path, { labelSelector })) {
      const pod = v.parse(podSchema, item);
      if (isMissing(pod) && !excluded.has(pod.metadata.namespace)) missing.push(pod.metadata);
    }
  };
  const namespaces = await namespacesOf(client, INJECT);
  for (const { name } of namespaces.filter(({ isAsking }) => isAsking)) {
    // Those with the label themselves are found below, once.
    const selector = `!${INJECTED},${INJECT} notin (enabled,true,disabled,false)`;
    await look(`/api/v1/namespaces/${name}/pods`, selector);
  }
  await look("/api/v1/pods", `!${INJECTED},${INJECT} in (enabled,true)`);
  return missing;
}

/** One with a status was looked at, and says why it has none; others refuse by annotation, or are over. */
function isMissing({ metadata, status }: SeenPod): boolean {
  const { annotations, deletionTimestamp } = metadata;
  const word = annotations[INJECT];
  const isExcused = annotations[STATUS] !== undefined || word === "disabled" || word === "false";
  const isOver = status.phase === "Succeeded" || status.phase === "Failed";
  return !isExcused && !isOver && (deletionTimestamp ?? null) === null;
}
