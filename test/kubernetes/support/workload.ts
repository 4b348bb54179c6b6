/** Runs a Deployment's containers as processes, and its Service as a balancer: what kubelet and kube-proxy do elsewhere. */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { main } from "../../support/command.ts";
import type { Cluster } from "./cluster.ts";
import { daemon, until, type Daemon } from "./process.ts";

/** One running replica. */
export interface RunningReplica extends Daemon {
  readonly port: number;
  readonly health: string;
}

interface Deployment {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly containers: readonly { readonly args: readonly string[] }[];
}

/** Starts a replica of the Deployment as it stands in the API; resolves when it is ready. */
export async function startReplica(
  cluster: Cluster,
  namespace: string,
  name: string,
  more: readonly string[] = [],
): Promise<RunningReplica> {
  const { text } = await cluster.call(
    "GET",
    `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
  );
  const deployment: Deployment = JSON.parse(text);
  const { spec } = deployment.spec.template;
  const folder = await mkdtemp(join(cluster.folder, "replica-"));
  const account = await mountAccount(cluster, namespace, spec.serviceAccountName, folder);
  await mountSettings(cluster, namespace, name, folder);
  const args = (spec.containers[0]?.args ?? []).map((arg) =>
    arg.replace("=/etc/", `=${folder}/etc/`),
  );
  const ports = ["--listen=127.0.0.1:0", "--health=127.0.0.1:0"];
  const started = daemon(process.execPath, [main, ...args, ...ports, ...more], {
    KUBERNETES_SERVICE_HOST: cluster.host,
    KUBERNETES_SERVICE_PORT: String(cluster.port),
    SIDESTEP_ACCOUNT: account,
  });
  return whenReady(started);
}

async function whenReady(started: Daemon): Promise<RunningReplica> {
  try {
    const { listen, health } = await until(async () => readyIn(started.log()));
    await until(async () => ((await fetch(`http://${health}/readyz`)).ok ? true : null));
    return { ...started, port: Number(listen.split(":").at(-1)), health: `http://${health}` };
  } catch (fault) {
    await started.stop();
    throw new Error(`the injector is not ready:\n${started.log()}`, { cause: fault });
  }
}

function readyIn(log: string): { readonly listen: string; readonly health: string } | null {
  const line = log.split("\n").find((each) => each.includes('"event":"ready"'));
  return line === undefined ? null : JSON.parse(line);
}

async function mountAccount(
  cluster: Cluster,
  namespace: string,
  name: string,
  folder: string,
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const { status, text } = await cluster.call("POST", path, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: 7200 },
  });
  if (status !== 201) throw new Error(`no token: ${text}`);
  const answer: { readonly status: { readonly token: string } } = JSON.parse(text);
  const { token } = answer.status;
  const account = join(folder, "account");
  await written(join(account, "token"), token);
  await written(join(account, "ca.crt"), cluster.ca);
  await written(join(account, "namespace"), namespace);
  return account;
}

async function mountSettings(
  cluster: Cluster,
  namespace: string,
  name: string,
  folder: string,
): Promise<void> {
  const { text } = await cluster.call("GET", `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  const { data }: { readonly data: Readonly<Record<string, string>> } = JSON.parse(text);
  for (const [file, content] of Object.entries(data)) {
    await written(join(folder, "etc/sidestep", file), content);
  }
}

async function written(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** A Service at its own cluster address. */
export interface Balancer {
  /** Its cluster address, with the port. */
  readonly address: string;
  /** Who gets the connections from now on. */
  use(ports: readonly number[]): void;
  /** Ends connections, while nobody calls; once it resolves, the next call begins with a handshake. */
  renew(): Promise<void>;
  /** Nobody answers any more, on open connections neither. */
  down(): void;
  close(): Promise<void>;
}

interface ServiceObject {
  readonly spec: {
    readonly clusterIP: string;
    readonly ports: readonly { readonly port: number }[];
  };
}

/** Listens where the API says that the Service is. */
export async function startService(
  cluster: Cluster,
  namespace: string,
  name: string,
): Promise<Balancer> {
  const { text } = await cluster.call("GET", `/api/v1/namespaces/${namespace}/services/${name}`);
  const found: ServiceObject = JSON.parse(text);
  const { clusterIP, ports } = found.spec;
  const port = ports[0]?.port ?? 443;
  let backends: readonly number[] = [];
  let turn = 0;
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    turn += 1;
    const backend = backends[turn % Math.max(1, backends.length)];
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
    if (backend === undefined) return socket.destroy();
    const to = connect(backend, "127.0.0.1");
    to.on("error", () => socket.destroy());
    socket.on("close", () => to.destroy());
    to.on("close", () => socket.destroy());
    return socket.pipe(to).pipe(socket);
  });
  server.listen(port, clusterIP);
  await once(server, "listening");
  return {
    address: `${clusterIP}:${port}`,
    use: (next) => {
      backends = next;
    },
    renew: async () => {
      await Promise.all([...open].map((socket) => once(socket.end(), "close")));
    },
    down: () => {
      backends = [];
      for (const socket of open) socket.destroy();
    },
    close: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, "close");
    },
  };
}
