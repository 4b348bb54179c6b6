/** Writes Kubernetes Events about what the injector did: seldom the same one twice, never many at once, and none that matters. */
import { LRUCache } from "lru-cache";
import * as v from "valibot";
import { isLeft, sentenceOf } from "../injector/reasons.ts";
import type { Injected } from "./admission.ts";
import type { KubernetesClient } from "./kubernetes-client.ts";
import type { MissingPod } from "./lookout.ts";

/** The same Event about the same owner is written once in this time, in milliseconds. */
const AGAIN_MS = 600_000;
const MOST_KNOWN = 2000;
/** Most Events that are on their way; more are dropped. */
const MOST_OPEN = 10;

const metadataSchema = v.object({
  name: v.nullish(v.string()),
  generateName: v.nullish(v.string()),
  ownerReferences: v.nullish(
    v.array(
      v.object({ apiVersion: v.string(), kind: v.string(), name: v.string(), uid: v.string() }),
    ),
  ),
});

/** What an Event says. */
interface Told {
  readonly reason: "Injected" | "InjectionSkipped" | "SidecarMissing";
  readonly type: "Normal" | "Warning";
  readonly message: string;
}

/** One process's Events. */
export class EventBook {
  readonly #client: KubernetesClient;
  readonly #known: LRUCache<string, true> = new LRUCache({ max: MOST_KNOWN, ttl: AGAIN_MS });
  #open = 0;

  constructor(client: KubernetesClient) {
    this.#client = client;
  }

  /** Returns at once; what cannot be written is not written. */
  tell(injected: Injected): void {
    const { request, injection } = injected;
    const told = toldOf(injected);
    if (told === null || request.isDryRun) return;
    this.#once(involvedIn(injection.pod.metadata, request.namespace), told);
  }

  /** Tells of a pod that should have a sidecar and does not. */
  tellMissing({ namespace, name, uid }: MissingPod): void {
    const message =
      "this pod asks for a sidecar and has none: it was made without the injector; make it anew";
    const involved = { apiVersion: "v1", kind: "Pod", namespace, name, uid };
    this.#once(involved, { reason: "SidecarMissing", type: "Warning", message });
  }

  #once(involved: Involved, told: Told): void {
    const key = `${involved.namespace} ${involved.kind} ${involved.name} ${told.message}`;
    if (this.#known.has(key) || this.#open >= MOST_OPEN) return;
    this.#known.set(key, true);
    void this.#write(involved, told);
  }

  async #write(involved: Involved, told: Told): Promise<void> {
    const { namespace } = involved;
    const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    this.#open += 1;
    try {
      await this.#client.call("POST", `/api/v1/namespaces/${namespace}/events`, {
        apiVersion: "v1",
        kind: "Event",
        metadata: { generateName: "sidestep-", namespace },
        involvedObject: involved,
        ...told,
        source: { component: "sidestep-injector" },
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      });
    } catch {
      // The log and the metrics have it too.
    } finally {
      this.#open -= 1;
    }
  }
}

interface Involved {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid?: string;
}

/** The owner, since the pod itself has no name yet where it is made from a template. */
function involvedIn(metadata: unknown, namespace: string): Involved {
  const read = v.safeParse(metadataSchema, metadata ?? {});
  const { name, generateName, ownerReferences } = read.success ? read.output : {};
  const [owner] = ownerReferences ?? [];
  if (owner !== undefined) return { ...owner, namespace };
  return { apiVersion: "v1", kind: "Pod", name: name ?? generateName ?? "unnamed", namespace };
}

/** Null for what needs no telling: a second look that changed nothing, and pods that refuse. */
function toldOf({ injection }: Injected): Told | null {
  if (injection.kind === "skipped") {
    if (injection.reason === "opted_out" || injection.reason === "not_opted_in") return null;
    const detail = injection.detail === null ? "" : ` (${injection.detail})`;
    const message = `${injection.reason}: ${sentenceOf(injection.reason)}${detail}`;
    return { reason: "InjectionSkipped", type: "Warning", message };
  }
  if (injection.patch.length === 0) return null;
  const left = injection.notes.filter(isLeft);
  const names = [...new Set(left.map(({ container, reason }) => `${container}: ${reason}`))];
  const message = ["the sidecar is in the pod", ...names].join("; ").slice(0, 1000);
  return { reason: "Injected", type: "Normal", message };
}
