/** Speaks to the Kubernetes API: a handful of calls, each with a limit on time and size, the token read anew as it is rotated. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent, request } from "undici";

/** Where the API is, and who asks. */
export interface KubernetesAccess {
  /** E.g. `https://10.0.0.1:443`. */
  readonly url: string;
  /** PEM of the API's own authorities. */
  readonly ca: string;
  /** The service account's token as it is now. */
  readonly token: () => Promise<string>;
}

/** What the API answered. */
export interface KubernetesReply {
  readonly status: number;
  /** Parsed JSON; null when there was none. */
  readonly body: unknown;
}

/** The calls that the injector makes. Each rejects when the API cannot be reached in time. */
export interface KubernetesClient {
  call(method: Method, path: string, body?: object): Promise<KubernetesReply>;
  close(): Promise<void>;
}

/** `PATCH` is a JSON merge patch. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

const TIMEOUT_MS = 10_000;
/** Largest reply; lists are asked for in pages that stay below it. */
const MOST_BYTES = 16 * 1024 ** 2;

/** How a pod reaches the API, by what Kubernetes mounts and sets; null outside of a cluster. */
export async function accessInCluster(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): Promise<KubernetesAccess | null> {
  const [host, port] = [env["KUBERNETES_SERVICE_HOST"], env["KUBERNETES_SERVICE_PORT"]];
  if (host === undefined || port === undefined) return null;
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `https://${name}:${port}`,
    ca: await readFile(join(folder, "ca.crt"), "utf8"),
    token: async () => (await readFile(join(folder, "token"), "utf8")).trim(),
  };
}

/** The namespace that the process runs in; null outside of a cluster. */
export async function ownNamespace(folder: string): Promise<string | null> {
  try {
    return (await readFile(join(folder, "namespace"), "utf8")).trim();
  } catch {
    return null;
  }
}

/** A client; close it when the process ends. */
export function createKubernetesClient(access: KubernetesAccess): KubernetesClient {
  const agent = new Agent({
    connect: { ca: access.ca, timeout: TIMEOUT_MS },
    maxResponseSize: MOST_BYTES,
    connections: 4,
  });
  return {
    async call(method, path, body) {
      const reply = await request(`${access.url}${path}`, {
        dispatcher: agent,
        method,
        headers: {
          accept: "application/json",
          authorization: `Bearer ${await access.token()}`,
          ...(body === undefined ? {} : { "content-type": contentTypeOf(method) }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { status: reply.statusCode, body: parsed(await reply.body.text()) };
    },
    close: () => agent.close(),
  };
}

function contentTypeOf(method: Method): string {
  return method === "PATCH" ? "application/merge-patch+json" : "application/json";
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
