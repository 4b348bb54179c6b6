/** Runs a pod's container as a process, with its volumes and variables from the API: what a kubelet does elsewhere. */
import { mkdir, mkdtemp, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { main } from "../../support/command.ts";
import type { Cluster } from "./cluster.ts";
import { daemon, until, type Daemon } from "./process.ts";

/** A pod as far as it is run. */
export interface RunPod {
  readonly containers: readonly RunContainer[];
  readonly volumes?: readonly RunVolume[];
}

interface RunContainer {
  readonly args: readonly string[];
  readonly env?: readonly RunVariable[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

interface RunVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

interface RunVolume {
  readonly name: string;
  readonly secret?: { readonly secretName: string };
  readonly configMap?: { readonly name: string };
}

/** A running container. */
export interface RunningContainer extends Daemon {
  readonly listen: string;
  readonly health: string;
  /** Brings the volumes to what the API has now, as a kubelet does now and then. */
  sync(): Promise<void>;
}

/** Where the pod runs; ports of ours take the place of those that it names. */
export interface RunPlace {
  readonly cluster: Cluster;
  readonly namespace: string;
}

/** Starts the pod's first container; resolves when it says that it is ready. */
export async function startContainer(place: RunPlace, pod: RunPod): Promise<RunningContainer> {
  const folder = await mkdtemp(join(place.cluster.folder, "container-"));
  const [container] = pod.containers;
  if (container === undefined) throw new Error("the pod has no container");
  const sync = (): Promise<void> => mountAll(place, pod, folder);
  await sync();
  const args = container.args.map((arg) => arg.replace(/=(\/(?:etc|var)\/)/, `=${folder}$1`));
  const ports = ["--listen=127.0.0.1:0", "--health=127.0.0.1:0", "--admin=127.0.0.1:0"];
  const own = args.filter((arg) => !/^--(?:listen|health)=/.test(arg));
  const env = await variablesOf(place, container);
  const started = daemon(process.execPath, [main, ...own, ...ports], env);
  const ready = await until(async () => readyIn(started));
  if (ready === "ended") throw new Error(`the container has ended:\n${started.log()}`);
  return { ...started, ...ready, sync };
}

interface Ready {
  readonly listen: string;
  readonly health: string;
}

function readyIn({ log, child }: Daemon): Ready | "ended" | null {
  const line = log()
    .split("\n")
    .find((each) => each.includes('"event":"ready"'));
  if (line === undefined) return child.exitCode === null ? null : "ended";
  return JSON.parse(line);
}

async function variablesOf(
  place: RunPlace,
  { env = [] }: RunContainer,
): Promise<Readonly<Record<string, string>>> {
  const pairs = await Promise.all(
    env.map(async ({ name, value, valueFrom }) => {
      const secret = valueFrom?.secretKeyRef;
      if (secret === undefined) return [name, value ?? ""] as const;
      return [name, (await filesOf(place, "secrets", secret.name))[secret.key] ?? ""] as const;
    }),
  );
  return Object.fromEntries(pairs);
}

async function mountAll(place: RunPlace, pod: RunPod, folder: string): Promise<void> {
  for (const { name, secret, configMap } of pod.volumes ?? []) {
    const mounts = pod.containers.flatMap(({ volumeMounts }) => volumeMounts);
    const mount = mounts.find((each) => each.name === name);
    if (mount === undefined) continue;
    const at = join(folder, mount.mountPath);
    if (secret !== undefined) await mounted(at, await filesOf(place, "secrets", secret.secretName));
    else if (configMap !== undefined)
      await mounted(at, await filesOf(place, "configmaps", configMap.name));
    else await mkdir(at, { recursive: true });
  }
}

/** Texts by file name, a Secret's decoded. */
async function filesOf(
  { cluster, namespace }: RunPlace,
  kind: "secrets" | "configmaps",
  name: string,
): Promise<Readonly<Record<string, string>>> {
  const { text } = await cluster.call("GET", `/api/v1/namespaces/${namespace}/${kind}/${name}`);
  const { data = {} }: { readonly data?: Readonly<Record<string, string>> } = JSON.parse(text);
  if (kind === "configmaps") return data;
  const decoded = Object.entries(data).map(([file, coded]) => [
    file,
    Buffer.from(coded, "base64").toString(),
  ]);
  return Object.fromEntries(decoded);
}

/** As a kubelet writes a volume: files in a folder of their own, and one link that is swapped. */
async function mounted(at: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(at, { recursive: true });
  const before = await readlink(join(at, "..data")).catch(() => null);
  const next = await mkdtemp(join(at, "..2026-"));
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(next, name), text);
    await symlink(join("..data", name), join(at, name)).catch(() => undefined);
  }
  await symlink(next, join(at, "..data_tmp"));
  await rename(join(at, "..data_tmp"), join(at, "..data"));
  if (before !== null && dirname(before) === at) await rm(before, { recursive: true });
}
