/** Lists objects of the API page by page; the leader's duties look at namespaces and pods with it. */
import * as v from "valibot";
import type { KubernetesClient } from "./kubernetes-client.ts";

const PAGE = 250;

const listSchema = v.object({
  metadata: v.object({ continue: v.nullish(v.string()) }),
  items: v.array(v.unknown()),
});

/** Every object below `path` that the selectors let through. Rejects when the API refuses. */
export async function* listAll(
  client: KubernetesClient,
  path: string,
  selectors: Readonly<Record<string, string>> = {},
): AsyncGenerator {
  let from: string | null = null;
  do {
    const query = new URLSearchParams({
      limit: String(PAGE),
      ...selectors,
      ...(from === null ? {} : { continue: from }),
    });
    const { status, body } = await client.call("GET", `${path}?${query.toString()}`);
    if (status !== 200) throw new Error(`listing ${path} was answered ${status}`);
    const page: v.InferOutput<typeof listSchema> = v.parse(listSchema, body);
    yield* page.items;
    from = page.metadata.continue === "" ? null : (page.metadata.continue ?? null);
  } while (from !== null);
}

const namespaceSchema = v.object({
  metadata: v.object({
    name: v.string(),
    labels: v.optional(v.record(v.string(), v.string()), {}),
    deletionTimestamp: v.nullish(v.string()),
  }),
});

/** A namespace and whether it asks for sidecars. */
export interface SeenNamespace {
  readonly name: string;
  readonly isAsking: boolean;
}

/** Every namespace that is not being removed. */
export async function namespacesOf(
  client: KubernetesClient,
  label: string,
): Promise<readonly SeenNamespace[]> {
  const all: SeenNamespace[] = [];
  for await (const item of listAll(client, "/api/v1/namespaces")) {
    const { metadata } = v.parse(namespaceSchema, item);
    if (metadata.deletionTimestamp !== undefined && metadata.deletionTimestamp !== null) continue;
    const word = metadata.labels[label];
    all.push({ name: metadata.name, isAsking: word === "enabled" || word === "true" });
  }
  return all;
}
