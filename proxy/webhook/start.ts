/** Begins one replica of the injector as its command was called, inside of a cluster. */
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { UsageError } from "../cli/command.ts";
import type { InjectorCall, RunningInjector } from "../cli/injector.ts";
import { StartFailed } from "../cli/run.ts";
import type { Settings } from "../injector/settings.ts";
import { parseAddress } from "../server/address.ts";
import { programVersion } from "../telemetry/program-version.ts";
import type { KeyedCertificate } from "./authority.ts";
import { CertificateKeeper } from "./certificate-keeper.ts";
import { startInjector, type InjectorOptions } from "./injector.ts";
import {
  accessInCluster,
  createKubernetesClient,
  ownNamespace,
  type KubernetesClient,
} from "./kubernetes-client.ts";
import { Lease } from "./lease.ts";

/** The lease is asked for every two seconds, and lost after fifteen. */
const LEASE = { askMs: 2000, durationMs: 15_000 } as const;
/** Certificates are looked at this often at least and at most, in milliseconds. */
const CERTIFICATE_MS = { most: 10_000, least: 200, share: 1 / 30 } as const;
/** An authority is published for this long before it signs; or for this share of its life, if that is less. */
const SETTLE = { mostMs: 60_000, share: 1 / 10 } as const;
const FACTS_MS = 60_000;

/** Rejects with StartFailed where there is no cluster around. */
export async function beginInjector(call: InjectorCall<Settings>): Promise<RunningInjector> {
  const access = await accessInCluster(call.env, call.account).catch(() => null);
  const namespace = await ownNamespace(call.account);
  if (access === null || namespace === null) {
    throw new StartFailed(["the injector runs in a cluster, with a service account's token"]);
  }
  const client = createKubernetesClient(access);
  const replica = await startInjector(await optionsOf(call, client, namespace));
  return { stop: (lingerMs) => replica.stop(lingerMs) };
}

async function optionsOf(
  call: InjectorCall<Settings>,
  client: KubernetesClient,
  namespace: string,
): Promise<InjectorOptions> {
  const { name, policyMs } = call;
  const identity = `${call.env["SIDESTEP_POD_NAME"] ?? hostname()}-${process.pid}`;
  const { most, least, share } = CERTIFICATE_MS;
  return {
    listen: addressOf("listen", call.listen),
    health: addressOf("health", call.health),
    client,
    lease: new Lease({ client, namespace, name, identity, durationMs: LEASE.durationMs }),
    certificate: certificateFor(call, client, namespace),
    settings: call.settings,
    clusterPolicy: call.clusterPolicy === null ? null : { namespace, name: call.clusterPolicy },
    excluded: new Set([namespace, ...call.excluded]),
    version: await programVersion(),
    intervals: {
      leaseMs: LEASE.askMs,
      certificateMs: Math.max(least, Math.min(most, call.leafMs * share)),
      policyMs,
      lookoutMs: 4 * policyMs,
      factsMs: FACTS_MS,
    },
    tell: call.tell,
  };
}

function certificateFor(
  call: InjectorCall<Settings>,
  client: KubernetesClient,
  namespace: string,
): InjectorOptions["certificate"] {
  const { certificate: folder, name, leafMs, authorityMs } = call;
  if (folder !== null) return () => certificateIn(folder);
  const settleMs = Math.min(SETTLE.mostMs, authorityMs * SETTLE.share);
  const keeper = new CertificateKeeper({
    client,
    namespace,
    secret: `${name}-certificate`,
    names: [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`],
    configuration: name,
    lifetimes: { leafMs, authorityMs, settleMs },
  });
  return async (isLeader) => {
    const kept = isLeader ? await keeper.renew(Date.now()) : await keeper.read();
    return kept?.leaf ?? null;
  };
}

/** A Secret of type `kubernetes.io/tls`, mounted; whoever made it renews it. */
async function certificateIn(folder: string): Promise<KeyedCertificate> {
  const [cert, key] = await Promise.all(
    ["tls.crt", "tls.key"].map((file) => readFile(join(folder, file), "utf8")),
  );
  return { cert: cert ?? "", key: key ?? "" };
}

function addressOf(flag: string, text: string): InjectorOptions["listen"] {
  try {
    return parseAddress(text);
  } catch (fault) {
    const message = fault instanceof Error ? fault.message : String(fault);
    throw new UsageError(`--${flag} ${message}`, { cause: fault });
  }
}
