/** Learns which Kubernetes a cluster is: the lowest minor version among the API server and the nodes. */
import * as v from "valibot";
import type { KubernetesClient } from "./kubernetes-client.ts";
import { listAll } from "./namespaces.ts";

const versionSchema = v.object({ major: v.string(), minor: v.string() });
const nodeSchema = v.object({
  status: v.object({ nodeInfo: v.object({ kubeletVersion: v.string() }) }),
});

/** Kubelets may be this many minor versions older than the API server. */
const SKEW = 3;

/** A sidecar that a node's kubelet does not know as one would hold the pod up for ever. */
export async function lowestMinor(client: KubernetesClient): Promise<number | null> {
  const { status, body } = await client.call("GET", "/version");
  if (status !== 200) return null;
  const server = Number.parseInt(v.parse(versionSchema, body).minor, 10);
  try {
    let lowest = server;
    for await (const node of listAll(client, "/api/v1/nodes")) {
      const { kubeletVersion } = v.parse(nodeSchema, node).status.nodeInfo;
      const minor = Number(/^v?1\.(\d+)/.exec(kubeletVersion)?.[1] ?? server);
      lowest = Math.min(lowest, minor);
    }
    return lowest;
  } catch {
    // Without a right to list nodes the oldest that may be there counts.
    return server - SKEW;
  }
}
