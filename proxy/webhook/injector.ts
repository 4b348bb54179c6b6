/** One replica of the injector: its listeners, its certificate, and the duties of whichever replica leads. */
import { setTimeout as delay } from "node:timers/promises";
import type { ClusterFacts } from "../injector/inject.ts";
import type { Settings } from "../injector/settings.ts";
import { formatAddress, type ListenAddress } from "../server/address.ts";
import { probeRoutes } from "../server/probes.ts";
import { createSmallServer, type SmallServer } from "../server/small-server.ts";
import { answerReview, type AdmissionParts, type Injected, type Question } from "./admission.ts";
import type { KeyedCertificate } from "./authority.ts";
import { endOf } from "./certificates.ts";
import { lowestMinor } from "./cluster-facts.ts";
import { EventBook } from "./event-book.ts";
import { createHttpsServer, type Answerer, type HttpsServer } from "./https-server.ts";
import { createInstruments, type InjectorInstruments } from "./instruments.ts";
import type { KubernetesClient } from "./kubernetes-client.ts";
import type { Lease } from "./lease.ts";
import { missingPods } from "./lookout.ts";
import { copyPolicy } from "./policy-copies.ts";
import { reviewIn, type PolicyPlaces } from "./policy-desk.ts";
import { startRounds, type Round, type Rounds } from "./rounds.ts";

/** How often each duty is looked at, in milliseconds. */
export interface Intervals {
  readonly leaseMs: number;
  readonly certificateMs: number;
  readonly policyMs: number;
  readonly lookoutMs: number;
  readonly factsMs: number;
}

/** What a replica is made of. */
export interface InjectorOptions {
  readonly listen: ListenAddress;
  readonly health: ListenAddress;
  readonly client: KubernetesClient;
  readonly lease: Lease;
  /** What to serve with now, renewed first where this replica leads; null while there is none. */
  readonly certificate: (isLeader: boolean) => Promise<KeyedCertificate | null>;
  readonly settings: Settings;
  /** The cluster's own policy; null copies none. */
  readonly clusterPolicy: PolicyPlaces["cluster"];
  /** Namespaces that the webhook leaves alone. */
  readonly excluded: ReadonlySet<string>;
  readonly version: string;
  readonly intervals: Intervals;
  readonly tell: (event: string, fields: Readonly<Record<string, string>>) => void;
}

/** Starts a replica; rejects when the health address cannot be bound. */
export async function startInjector(options: InjectorOptions): Promise<Replica> {
  const replica = new Replica(options);
  await replica.start();
  return replica;
}

/** A running replica. */
export class Replica {
  readonly #options: InjectorOptions;
  readonly #instruments: InjectorInstruments = createInstruments();
  readonly #events: EventBook;
  #server: HttpsServer | null = null;
  #small: SmallServer | null = null;
  #rounds: Rounds | null = null;
  #served = "";
  #endsMs = 0;
  #minor: number | null = null;
  #isStopping = false;

  constructor(options: InjectorOptions) {
    this.#options = options;
    this.#events = new EventBook(options.client);
  }

  async start(): Promise<void> {
    const { contentType, text } = this.#instruments;
    this.#small = await createSmallServer({
      address: this.#options.health,
      routes: probeRoutes({
        isReady: () => this.#isReady,
        metrics: async () => ({ contentType, text: await text() }),
      }),
      guard: () => null,
      faults: { fault: (place, fault) => this.#fault(place, fault) },
    });
    this.#rounds = startRounds(this.#duties(), (name, fault) => this.#fault(name, fault));
  }

  /** Unready at once, but still answering for `lingerMs`, since others learn of it only after a while. */
  async stop(lingerMs: number): Promise<void> {
    this.#isStopping = true;
    this.#server?.retire();
    await this.#rounds?.stop();
    await this.#options.lease.release().catch(() => undefined);
    await delay(lingerMs);
    await Promise.all([this.#server?.close(), this.#small?.close()]);
    await this.#options.client.close();
  }

  /** Which Kubernetes it is has to be known: a sidecar of the wrong kind would hold pods up. */
  get #isReady(): boolean {
    const isServing = this.#server !== null && Date.now() < this.#endsMs;
    return isServing && this.#minor !== null && !this.#isStopping;
  }

  #duties(): readonly Round[] {
    const { intervals, client } = this.#options;
    return [
      { name: "lease", everyMs: intervals.leaseMs, run: () => this.#lead() },
      { name: "certificate", everyMs: intervals.certificateMs, run: () => this.#renew() },
      {
        name: "facts",
        everyMs: intervals.factsMs,
        run: async () => {
          this.#minor = (await lowestMinor(client)) ?? this.#minor;
        },
      },
      { name: "policy", everyMs: intervals.policyMs, run: () => this.#copy() },
      { name: "lookout", everyMs: intervals.lookoutMs, run: () => this.#look() },
    ];
  }

  async #lead(): Promise<void> {
    const { lease, tell } = this.#options;
    const before = lease.isHeld;
    const isLeader = await lease.ask();
    this.#instruments.leading(isLeader);
    if (isLeader === before) return;
    tell("leading", { isLeader: String(isLeader) });
    if (isLeader) await Promise.all([this.#renew(), this.#copy()]);
  }

  async #copy(): Promise<void> {
    const { client, lease, clusterPolicy, settings } = this.#options;
    if (!lease.isHeld || clusterPolicy === null || settings.clusterPolicy === null) return;
    const { namespace, name: source } = clusterPolicy;
    await copyPolicy({ client, namespace, source, copy: settings.clusterPolicy });
  }

  async #look(): Promise<void> {
    const { client, lease, excluded } = this.#options;
    if (!lease.isHeld) return;
    const pods = await missingPods(client, excluded);
    this.#instruments.missing(pods.map(({ namespace }) => namespace));
    for (const pod of pods) this.#events.tellMissing(pod);
  }

  async #renew(): Promise<void> {
    const { certificate, lease } = this.#options;
    const leaf = await certificate(lease.isHeld);
    if (leaf !== null) await this.#serveWith(leaf);
  }

  async #serveWith(leaf: KeyedCertificate): Promise<void> {
    if (leaf.cert === this.#served) return;
    this.#served = leaf.cert;
    this.#endsMs = endOf(leaf.cert);
    if (this.#server === null) {
      const address = this.#options.listen;
      this.#server = await createHttpsServer({
        address,
        certificate: leaf,
        routes: this.#routes(),
      });
      const health = formatAddress(this.#small?.address ?? this.#options.health);
      this.#options.tell("ready", { listen: formatAddress(this.#server.address), health });
    } else {
      this.#server.use(leaf);
    }
    this.#instruments.certificateEnds(this.#endsMs);
    this.#options.tell("certificate", { ends: new Date(this.#endsMs).toISOString() });
  }

  #routes(): ReadonlyMap<string, Answerer> {
    const answerer =
      (question: Question): Answerer =>
      (body) =>
        answerReview(body, question, this.#parts());
    return new Map([
      ["/inject", answerer("inject")],
      ["/validate", answerer("validate")],
    ]);
  }

  #parts(): AdmissionParts {
    const began = performance.now();
    const { settings, client, clusterPolicy: cluster } = this.#options;
    const places = { client, cluster, namespacePolicy: settings.namespacePolicy };
    return {
      settings: () => settings,
      facts: () => this.#facts,
      onInjection: (injected) => this.#note(injected, (performance.now() - began) / 1000),
      reviewPolicy: async (request) => {
        const review = await reviewIn(places, request);
        this.#instruments.reviewed(review.problems.length === 0 ? "allowed" : "refused");
        return review;
      },
      onFault: (fault) => this.#fault("admission", fault),
    };
  }

  get #facts(): ClusterFacts {
    // The injector may not read Secrets, so that what envFrom holds is not seen.
    return { minor: this.#minor, version: this.#options.version, seen: () => null };
  }

  #note(injected: Injected, seconds: number): void {
    const { injection } = injected;
    const done = injection.patch.length === 0 ? "unchanged" : "injected";
    const isSkipped = injection.kind === "skipped";
    const reason = isSkipped ? injection.reason : "";
    this.#instruments.admitted(isSkipped ? "skipped" : done, reason, seconds);
    this.#events.tell(injected);
  }

  #fault(place: string, fault: unknown): void {
    this.#instruments.fault(place);
    const message = fault instanceof Error ? `${fault.name}: ${fault.message}` : String(fault);
    this.#options.tell("fault", { place, message: message.slice(0, 500) });
  }
}
