/** A real Kubernetes API: etcd and kube-apiserver in the network namespace of the tests, with kubectl and helm for it. */
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request } from "undici";
import { daemon, ran, until, type Daemon, type Ended } from "./process.ts";
import { toolPath } from "./tools.ts";

/** Set up by scripts/kubernetes.ts, in a network namespace of the tests' own. */
const HOST = "10.1.0.1";
const PORT = 26443;
const ADMIN = "admin-of-the-tests";

/** What is done at a path of the API; PATCH is a JSON merge patch. */
type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** What the API answered. */
export interface ApiReply {
  readonly status: number;
  /** JSON, mostly. */
  readonly text: string;
  /** The text, parsed where it is an object. */
  readonly body: unknown;
}

/** A running API. */
export interface Cluster {
  readonly host: string;
  readonly port: number;
  readonly folder: string;
  /** PEM of whoever signed the API's certificate. */
  readonly ca: string;
  /** For commands of an administrator. */
  readonly env: Readonly<Record<string, string>>;
  kubectl(args: readonly string[], input?: string): Promise<Ended>;
  helm(args: readonly string[]): Promise<Ended>;
  /** As an administrator. */
  call(method: Method, path: string, body?: object): Promise<ApiReply>;
  /** Stops what was started for it, then the API itself. */
  close(): Promise<void>;
}

/** Starts one; resolves when it is ready. */
export async function startCluster(): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), "sidestep-cluster-"));
  const daemons = [startEtcd(folder), await startApi(folder)];
  const agent = new Agent({ connect: { rejectUnauthorized: false } });
  const call: Cluster["call"] = async (method, path, body) => {
    const reply = await request(`https://${HOST}:${PORT}${path}`, {
      dispatcher: agent,
      method,
      headers: { authorization: `Bearer ${ADMIN}`, "content-type": typeOf(method) },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await reply.body.text();
    const parsed: unknown = text.startsWith("{") ? JSON.parse(text) : text;
    return { status: reply.statusCode, text, body: parsed };
  };
  await until(async () => ((await call("GET", "/readyz")).status === 200 ? true : null)).catch(
    async (fault: unknown) => {
      await Promise.all(daemons.map((each) => each.stop()));
      throw new Error(daemons.map(({ log }) => log().slice(-2000)).join("\n"), { cause: fault });
    },
  );
  const kubeconfig = await configFor(folder);
  const env = { KUBECONFIG: kubeconfig, HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder };
  return {
    host: HOST,
    port: PORT,
    folder,
    env,
    ca: await readFile(join(folder, "api", "apiserver.crt"), "utf8"),
    kubectl: (args, input) => ran("kubectl", args, { env, input: input ?? "" }),
    helm: (args) => ran(toolPath("helm"), args, { env }),
    call,
    close: async () => {
      await agent.close();
      for (const each of daemons.toReversed()) await each.stop();
    },
  };
}

function typeOf(method: string): string {
  return method === "PATCH" ? "application/merge-patch+json" : "application/json";
}

function startEtcd(folder: string): Daemon {
  const client = "http://127.0.0.1:22379";
  return daemon("etcd", [
    "--data-dir",
    join(folder, "etcd"),
    "--listen-client-urls",
    client,
    "--advertise-client-urls",
    client,
    "--listen-peer-urls",
    "http://127.0.0.1:22380",
    "--unsafe-no-fsync",
  ]);
}

async function startApi(folder: string): Promise<Daemon> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const key = await write("sa.key", String(privateKey.export({ type: "pkcs8", format: "pem" })));
  const pub = await write("sa.pub", String(publicKey.export({ type: "spki", format: "pem" })));
  const tokens = await write("tokens.csv", `${ADMIN},admin,1,"system:masters"\n`);
  const flags = {
    "etcd-servers": "http://127.0.0.1:22379",
    "bind-address": "0.0.0.0",
    "secure-port": String(PORT),
    "advertise-address": HOST,
    "cert-dir": join(folder, "api"),
    "token-auth-file": tokens,
    "authorization-mode": "RBAC",
    "service-account-issuer": "https://tests",
    "service-account-key-file": pub,
    "service-account-signing-key-file": key,
    "service-cluster-ip-range": "10.0.0.0/24",
    // No controller is there to make the default account.
    "disable-admission-plugins": "ServiceAccount",
    "allow-privileged": "true",
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  return daemon(toolPath("kube-apiserver"), args);
}

async function configFor(folder: string): Promise<string> {
  const path = join(folder, "kubeconfig");
  const cluster = { server: `https://${HOST}:${PORT}`, "insecure-skip-tls-verify": true };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "tests",
    clusters: [{ name: "tests", cluster }],
    users: [{ name: "admin", user: { token: ADMIN } }],
    contexts: [{ name: "tests", context: { cluster: "tests", user: "admin" } }],
  };
  await writeFile(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}
