/** The chart installed into a running API, with its injector's replicas behind its Service. */
import { resolve } from "node:path";
import { startCluster, type Cluster } from "./cluster.ts";
import { until } from "./process.ts";
import { startReplica, startService, type Balancer, type RunningReplica } from "./workload.ts";

/** The chart of this tree. */
export const chart: string = resolve(import.meta.dirname, "../../../charts/sidestep");

/** The release's and the namespace's name; the chart makes the injector's of it. */
const release = "sidestep";
const injector = `${release}-injector`;

/** A pod as the API gives it back, as far as tests look at it. */
export interface SeenPod {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly initContainers?: readonly SeenContainer[];
    readonly containers: readonly SeenContainer[];
    readonly terminationGracePeriodSeconds?: number;
  };
}

/** A container of it. */
export interface SeenContainer {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

/** A dry run's or a creation's outcome. */
export interface Made {
  readonly code: number;
  /** Warnings and errors. */
  readonly err: string;
  /** Null when it was refused. */
  readonly pod: SeenPod | null;
}

/** What tests do with it. */
export interface Installed {
  readonly cluster: Cluster;
  readonly replicas: RunningReplica[];
  readonly service: Balancer;
  /** `helm upgrade --install` with these values. */
  upgrade(values?: Readonly<Record<string, unknown>>): Promise<void>;
  addReplica(more?: readonly string[]): Promise<RunningReplica>;
  /** Gives what the webhook makes of a pod, by a server's dry run or for good. */
  make(pod: object, namespace: string, isDry?: boolean): Promise<Made>;
  namespace(name: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

/** Starts an API, installs the chart with these values, and runs so many replicas. */
export async function install(
  values: Readonly<Record<string, unknown>> = {},
  count = 1,
  more: readonly string[] = [],
): Promise<Installed> {
  const cluster = await startCluster();
  const replicas: RunningReplica[] = [];
  const upgrade = async (next: Readonly<Record<string, unknown>> = {}): Promise<void> => {
    const set = Object.entries({ "injector.copyEvery": "1s", ...values, ...next });
    const flags = set.flatMap(([key, value]) => ["--set-json", `${key}=${JSON.stringify(value)}`]);
    const where = ["--namespace", release, "--create-namespace"];
    const done = await cluster.helm(["upgrade", "--install", release, chart, ...where, ...flags]);
    if (done.code !== 0) throw new Error(done.err);
  };
  await upgrade();
  const service = await startService(cluster, release, injector);
  const addReplica = async (args: readonly string[] = more): Promise<RunningReplica> => {
    const replica = await startReplica(cluster, release, injector, ["--linger=0s", ...args]);
    replicas.push(replica);
    service.use(replicas.map(({ port }) => port));
    return replica;
  };
  for (let at = 0; at < count; at += 1) await addReplica();
  const installed: Installed = {
    cluster,
    replicas,
    service,
    upgrade,
    addReplica,
    make: (pod, namespace, isDry = true) => made(cluster, pod, namespace, isDry),
    namespace: (name, labels) => makeNamespace(cluster, name, labels),
    close: async () => {
      await Promise.all(replicas.map((replica) => replica.stop()));
      await service.close();
      await cluster.close();
    },
  };
  await live(installed);
  return installed;
}

/** A configuration is not in force at once. */
async function live(installed: Installed): Promise<void> {
  await installed.namespace("probe", { "sidestep.dev/inject": "enabled" });
  await until(async () => {
    const { pod } = await installed.make(podNamed("probe"), "probe");
    return pod !== null && hasSidecar(pod) ? true : null;
  });
}

async function made(
  cluster: Cluster,
  pod: object,
  namespace: string,
  isDry: boolean,
): Promise<Made> {
  const dry = isDry ? ["--dry-run=server"] : [];
  const args = ["create", "--namespace", namespace, "-o", "json", "-f", "-", ...dry];
  const { code, out, err } = await cluster.kubectl(args, JSON.stringify(pod));
  const seen: SeenPod | null = code === 0 ? JSON.parse(out) : null;
  return { code, err, pod: seen };
}

async function makeNamespace(
  cluster: Cluster,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
  const { status, body } = await cluster.call("POST", "/api/v1/namespaces", object);
  if (status !== 201) throw new Error(JSON.stringify(body));
}

/** What is laid over a pod that does nothing remarkable. */
interface PodParts {
  readonly metadata?: object;
  readonly spec?: object;
}

/** A pod that does nothing remarkable, but for these parts. */
export function podNamed(name: string, over: PodParts = {}): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...over.metadata },
    spec: { containers: [{ name: "app", image: "app:1" }], ...over.spec },
  };
}

/** Whether it has one, native or not. */
export function hasSidecar({ spec }: SeenPod): boolean {
  return [...(spec.initContainers ?? []), ...spec.containers].some(
    ({ name }) => name === "sidestep",
  );
}

/** A container's variable. */
export function variableOf(pod: SeenPod | null, container: string, name: string): string | null {
  const all = [...(pod?.spec.initContainers ?? []), ...(pod?.spec.containers ?? [])];
  const found = all.find((each) => each.name === container)?.env ?? [];
  return found.find((each) => each.name === name)?.value ?? null;
}
