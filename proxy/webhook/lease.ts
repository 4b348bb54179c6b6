/** Leader election by a Lease: of several replicas one holds it, and another takes it when it is not renewed in time. */
import * as v from "valibot";
import type { KubernetesClient } from "./kubernetes-client.ts";

/** What is held, by whom and for how long. */
export interface LeaseOptions {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly name: string;
  /** Differs between replicas. */
  readonly identity: string;
  readonly durationMs: number;
}

const leaseSchema = v.object({
  metadata: v.object({ resourceVersion: v.string() }),
  spec: v.optional(
    v.object({
      holderIdentity: v.nullish(v.string()),
      leaseTransitions: v.nullish(v.number()),
    }),
    {},
  ),
});

/** Asks to lead, again and again; who asks often enough stays the leader. */
export class Lease {
  readonly #options: LeaseOptions;
  #seenVersion = "";
  #seenAtMs = 0;
  #heldUntilMs = 0;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Whether the lease is surely ours now. By this machine's clock alone: others' may be wrong. */
  get isHeld(): boolean {
    return performance.now() < this.#heldUntilMs;
  }

  /** Takes or renews the lease, if nobody else holds it. Rejects when the API cannot be reached. */
  async ask(): Promise<boolean> {
    const askedMs = performance.now();
    const { client, identity } = this.#options;
    const { status, body } = await client.call("GET", this.#path);
    if (status === 404)
      return this.#taken(await client.call("POST", this.#folder, this.#lease()), askedMs);
    const lease = v.parse(leaseSchema, body);
    this.#look(lease.metadata.resourceVersion);
    const holder = lease.spec.holderIdentity ?? "";
    if (holder !== identity && holder !== "" && !this.#isForsaken) return false;
    const transitions = (lease.spec.leaseTransitions ?? 0) + (holder === identity ? 0 : 1);
    const next = this.#lease(lease.metadata.resourceVersion, transitions);
    return this.#taken(await client.call("PUT", this.#path, next), askedMs);
  }

  /** Lets another replica lead at once. */
  async release(): Promise<void> {
    if (!this.isHeld) return;
    this.#heldUntilMs = 0;
    const { client } = this.#options;
    await client.call("PATCH", this.#path, { spec: { holderIdentity: "" } });
  }

  get #folder(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#options.namespace}/leases`;
  }

  get #path(): string {
    return `${this.#folder}/${this.#options.name}`;
  }

  /** Not renewed for its whole duration, as this replica has watched it. */
  get #isForsaken(): boolean {
    return performance.now() - this.#seenAtMs > this.#options.durationMs;
  }

  #look(version: string): void {
    if (version === this.#seenVersion) return;
    this.#seenVersion = version;
    this.#seenAtMs = performance.now();
  }

  #taken({ status }: { readonly status: number }, askedMs: number): boolean {
    // 409: another replica was faster.
    const isTaken = status === 200 || status === 201;
    if (isTaken) this.#heldUntilMs = askedMs + this.#options.durationMs;
    return isTaken;
  }

  #lease(resourceVersion?: string, transitions = 0): object {
    const { namespace, name, identity, durationMs } = this.#options;
    const now = new Date().toISOString().replace("Z", "000Z");
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { namespace, name, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.max(1, Math.ceil(durationMs / 1000)),
        renewTime: now,
        acquireTime: now,
        leaseTransitions: transitions,
      },
    };
  }
}
