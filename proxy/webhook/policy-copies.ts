/** Copies the cluster's policy into every namespace that asks for sidecars, since a pod mounts only its own namespace's ConfigMaps. */
import { isDeepStrictEqual } from "node:util";
import { INJECT } from "../injector/annotations.ts";
import { configMap, configMapsNamed, pathOf, type ConfigMap } from "./config-maps.ts";
import type { KubernetesClient } from "./kubernetes-client.ts";
import { namespacesOf } from "./namespaces.ts";
import type { PolicyFiles } from "./policy-review.ts";

/** The cluster's policy and its copies. */
export interface CopyOptions {
  readonly client: KubernetesClient;
  /** The namespace and name of the original. */
  readonly namespace: string;
  readonly source: string;
  /** The copies' name. */
  readonly copy: string;
}

/** Copies carry it, so that nothing else of that name is overwritten or removed. */
const COPY = "sidestep.dev/copy";

/** One round: what differs is written, what is no longer wanted is removed. Rejects when any of it failed. */
export async function copyPolicy(options: CopyOptions): Promise<void> {
  const { client, namespace, source, copy } = options;
  const original = await configMap(client, namespace, source);
  if (original === null) return;
  const copies = await configMapsNamed(client, copy);
  const failed: string[] = [];
  for (const { name, isAsking } of await namespacesOf(client, INJECT)) {
    const present = copies.get(name) ?? null;
    const status = isAsking
      ? await written(options, name, { present, files: original.data })
      : await removed(options, name, present);
    // 409: somebody else was faster, or the namespace is on its way out.
    if (status !== null && status >= 300 && status !== 409) failed.push(`${name} (${status})`);
  }
  if (failed.length > 0) throw new Error(`no copy was written in ${failed.join(", ")}`);
}

/** The API's status; null where nothing was to be done. */
async function written(
  { client, copy }: CopyOptions,
  namespace: string,
  { present, files }: { readonly present: ConfigMap | null; readonly files: PolicyFiles },
): Promise<number | null> {
  if (present !== null && !isCopy(present)) return null;
  if (present !== null && isDeepStrictEqual({ ...present.data }, { ...files })) return null;
  const version = present?.metadata.resourceVersion;
  const labels = { [COPY]: "true", "app.kubernetes.io/managed-by": "sidestep-injector" };
  const versioned = version === undefined ? {} : { resourceVersion: version };
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: copy, namespace, labels, ...versioned },
    data: files,
  };
  const { status } =
    present === null
      ? await client.call("POST", `/api/v1/namespaces/${namespace}/configmaps`, object)
      : await client.call("PUT", pathOf(namespace, copy), object);
  return status;
}

async function removed(
  { client, copy }: CopyOptions,
  namespace: string,
  present: ConfigMap | null,
): Promise<number | null> {
  if (present === null || !isCopy(present)) return null;
  return (await client.call("DELETE", pathOf(namespace, copy))).status;
}

function isCopy({ metadata }: ConfigMap): boolean {
  return metadata.labels[COPY] === "true";
}
