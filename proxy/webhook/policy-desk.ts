/** Reviews the policies that people write into the cluster, each with the levels that will stand around it. */
import { configMap } from "./config-maps.ts";
import type { PolicyRequest } from "./admission.ts";
import type { KubernetesClient } from "./kubernetes-client.ts";
import { reviewPolicy, type PolicyFiles, type PolicyReview } from "./policy-review.ts";

/** Where the outer levels are; null where there is none. */
export interface PolicyPlaces {
  readonly client: KubernetesClient;
  readonly cluster: { readonly namespace: string; readonly name: string } | null;
  /** The name of each namespace's own policy. */
  readonly namespacePolicy: string | null;
}

type Level = readonly [name: string, files: PolicyFiles];

/** A policy may name what an outer level defines: targets, providers, keyword groups. */
export async function reviewIn(
  places: PolicyPlaces,
  { namespace, name, files }: PolicyRequest,
): Promise<PolicyReview> {
  const { client, cluster, namespacePolicy } = places;
  const inNamespace = namespacePolicy === null ? null : { namespace, name: namespacePolicy };
  const outer: Level[] = [];
  for (const place of [cluster, inNamespace]) {
    if (place === null) continue;
    if (place.namespace === namespace && place.name === name) break;
    // An outer level that cannot be read is none, as it is in a pod.
    const found = await configMap(client, place.namespace, place.name).catch(() => null);
    if (found !== null) outer.push([`${place.namespace}/${place.name}`, found.data]);
  }
  return reviewPolicy(`${namespace}/${name}`, files, outer);
}
