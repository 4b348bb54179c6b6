/** Reads pods and namespaces as `kubectl get -o json` prints them. */
import * as v from "valibot";
import { readPod, type Pod, type Words } from "./pod.ts";

/** A pod of a cluster. */
export interface SeenPod {
  readonly pod: Pod;
  readonly namespace: string;
  readonly name: string;
  /** Done, or on its way out. */
  readonly isOver: boolean;
  /** What makes it anew; null when nobody does. */
  readonly controller: { readonly kind: string; readonly name: string } | null;
}

/** What was read. */
export interface ClusterObjects {
  readonly pods: readonly SeenPod[];
  /** Name -> labels. */
  readonly namespaces: ReadonlyMap<string, Words>;
}

const podSchema = v.object({
  metadata: v.object({
    name: v.string(),
    namespace: v.optional(v.string(), "default"),
    deletionTimestamp: v.nullish(v.string()),
    ownerReferences: v.nullish(
      v.array(v.object({ kind: v.string(), name: v.string(), controller: v.nullish(v.boolean()) })),
    ),
  }),
  status: v.nullish(v.object({ phase: v.nullish(v.string()) })),
});

const namespaceSchema = v.object({
  metadata: v.object({
    name: v.string(),
    labels: v.nullish(v.record(v.string(), v.string())),
  }),
});

const kindSchema = v.object({ kind: v.string(), items: v.optional(v.array(v.unknown())) });

/** Throws an Error in whose message stands what is wrong with the text. */
export function readObjects(texts: readonly string[]): ClusterObjects {
  const pods: SeenPod[] = [];
  const namespaces = new Map<string, Words>();
  for (const { kind, object } of texts.flatMap(objectsIn)) {
    if (kind === "Pod") pods.push(seenPod(object));
    if (kind !== "Namespace") continue;
    const { metadata } = readAs(namespaceSchema, object, "a namespace");
    namespaces.set(metadata.name, metadata.labels ?? {});
  }
  return { pods, namespaces };
}

interface KindedObject {
  readonly kind: string;
  readonly object: unknown;
}

function readAs<T>(schema: v.GenericSchema<unknown, T>, object: unknown, what: string): T {
  const read = v.safeParse(schema, object);
  if (read.success) return read.output;
  const path = v.getDotPath(read.issues[0]) ?? "it";
  throw new Error(`${what}: ${path} is not what Kubernetes has there`);
}

function objectsIn(text: string): readonly KindedObject[] {
  const whole = parsed(text);
  const read = v.safeParse(kindSchema, whole);
  const { kind, items } = read.success ? read.output : { kind: "", items: undefined };
  if (kind.endsWith("List") && items !== undefined) {
    // Items of a list of one kind do not say it again.
    const usual = kind.slice(0, -"List".length);
    return items.map((object) => ({ kind: kindOf(object) ?? usual, object }));
  }
  if (kind === "Pod" || kind === "Namespace") return [{ kind, object: whole }];
  throw new Error(`there is no list of pods in it, but ${kind === "" ? "no object" : `a ${kind}`}`);
}

function kindOf(object: unknown): string | null {
  const read = v.safeParse(kindSchema, object);
  return read.success ? read.output.kind : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(text.trim() === "" ? "it is empty" : "it is not JSON");
  }
}

function seenPod(object: unknown): SeenPod {
  const { metadata, status } = readAs(podSchema, object, "a pod");
  const { name, namespace } = metadata;
  const read = readPod(object);
  if (!read.ok) throw new Error(`pod ${namespace}/${name}: ${read.problem}`);
  const owner = (metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
  const phase = status?.phase ?? "";
  return {
    pod: read.pod,
    namespace,
    name,
    isOver:
      phase === "Succeeded" || phase === "Failed" || (metadata.deletionTimestamp ?? null) !== null,
    controller: owner === undefined ? null : { kind: owner.kind, name: owner.name },
  };
}
