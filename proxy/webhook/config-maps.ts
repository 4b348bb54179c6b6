/** ConfigMaps as the injector reads them: those with a policy in them. */
import * as v from "valibot";
import type { KubernetesClient } from "./kubernetes-client.ts";
import { listAll } from "./namespaces.ts";

/** A ConfigMap, as far as it is read. */
export interface ConfigMap {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly resourceVersion: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly data: Readonly<Record<string, string>>;
}

const schema: v.GenericSchema<unknown, ConfigMap> = v.object({
  metadata: v.object({
    name: v.string(),
    namespace: v.string(),
    resourceVersion: v.string(),
    labels: v.optional(v.record(v.string(), v.string()), {}),
  }),
  data: v.optional(v.record(v.string(), v.string()), {}),
});

/** One of them; null when there is none. */
export async function configMap(
  client: KubernetesClient,
  namespace: string,
  name: string,
): Promise<ConfigMap | null> {
  const { status, body } = await client.call("GET", pathOf(namespace, name));
  if (status === 404) return null;
  if (status !== 200) throw new Error(`reading ${namespace}/${name} was answered ${status}`);
  return v.parse(schema, body);
}

/** All of that name, by namespace. The right to list may be restricted to that name. */
export async function configMapsNamed(
  client: KubernetesClient,
  name: string,
): Promise<ReadonlyMap<string, ConfigMap>> {
  const found = new Map<string, ConfigMap>();
  const selector = { fieldSelector: `metadata.name=${name}` };
  for await (const item of listAll(client, "/api/v1/configmaps", selector)) {
    const read = v.parse(schema, item);
    found.set(read.metadata.namespace, read);
  }
  return found;
}

/** Where the API has it. */
export function pathOf(namespace: string, name: string): string {
  return `/api/v1/namespaces/${namespace}/configmaps/${name}`;
}
