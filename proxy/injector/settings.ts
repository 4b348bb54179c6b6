/** What the cluster's operator sets for every sidecar; the chart's `sidecar` values are this, and annotations override some. */
import * as v from "valibot";
import { nearestHint } from "../policy/nearest.ts";
import type { Variable } from "./pod.ts";
import { QUANTITY } from "./quantity.ts";

/** Providers whose variables can be set. */
export const providerNames = ["openai", "anthropic"] as const;

/** One of them. */
export type ProviderName = (typeof providerNames)[number];

/** What a container may ask for and get; null leaves a limit out. */
export interface Resources {
  readonly cpuRequest: string;
  readonly memoryRequest: string;
  readonly cpuLimit: string | null;
  readonly memoryLimit: string | null;
}

/** The operator's settings. */
export interface Settings {
  readonly image: string;
  readonly pullPolicy: "Always" | "IfNotPresent" | "Never" | null;
  /** Secrets in the pod's namespace that the image is pulled with. */
  readonly pullSecrets: readonly string[];
  /** Data port; admin and health are the next two. Moved when the application has one of them. */
  readonly port: number;
  /** User and group of the sidecar; null leaves both to the cluster. */
  readonly uid: number | null;
  /** The sidecar's image with nftables in it, for pods that ask for a redirect; null allows none. */
  readonly redirectImage: string | null;
  /** Whether a native sidecar is used: where every node knows them, always, or never. */
  readonly native: "auto" | "always" | "never";
  readonly resources: Resources;
  readonly providers: readonly ProviderName[];
  /** Whether containers with an `envFrom` that cannot be seen are left alone. */
  readonly envFrom: "check" | "ignore";
  /** ConfigMaps in the pod's namespace with the cluster's and the namespace's policy; null mounts none. */
  readonly clusterPolicy: string | null;
  readonly namespacePolicy: string | null;
  /** A ConfigMap in the pod's namespace whose `ca.crt` holds extra authorities. */
  readonly caConfigMap: string | null;
  /** Proxy for calls to providers where the application has none. */
  readonly httpsProxy: string | null;
  readonly noProxy: string | null;
  /** Grace period given to pods that have Kubernetes' default, in seconds. */
  readonly graceSeconds: number;
  /** Room for what a restart keeps; null keeps nothing. */
  readonly stateSize: string | null;
  /** Hosts that count as known providers beside the built-in ones. */
  readonly knownHosts: readonly string[];
  /** More variables for the sidecar. */
  readonly env: readonly Variable[];
}

const quantity = v.pipe(v.string(), v.regex(QUANTITY, "expected a quantity such as 100m or 256Mi"));
const text = v.pipe(v.string(), v.minLength(1));
const resourceKeys = {
  cpuRequest: v.optional(quantity, "50m"),
  memoryRequest: v.optional(quantity, "256Mi"),
  cpuLimit: v.optional(v.nullable(quantity), null),
  memoryLimit: v.optional(v.nullable(quantity), "512Mi"),
};
const settingKeys = {
  image: text,
  pullPolicy: v.optional(v.nullable(v.picklist(["Always", "IfNotPresent", "Never"])), null),
  pullSecrets: v.optional(v.array(text), []),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1024), v.maxValue(32_000)), 4000),
  uid: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1))), 65_532),
  redirectImage: v.optional(v.nullable(text), null),
  native: v.optional(v.picklist(["auto", "always", "never"]), "auto"),
  resources: v.optional(v.strictObject(resourceKeys, unknownIn(resourceKeys)), {}),
  providers: v.optional(v.array(v.picklist(providerNames)), [...providerNames]),
  envFrom: v.optional(v.picklist(["check", "ignore"]), "check"),
  clusterPolicy: v.optional(v.nullable(text), null),
  namespacePolicy: v.optional(v.nullable(text), null),
  caConfigMap: v.optional(v.nullable(text), null),
  httpsProxy: v.optional(v.nullable(text), null),
  noProxy: v.optional(v.nullable(text), null),
  graceSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(10)), 60),
  stateSize: v.optional(v.nullable(quantity), "256Mi"),
  knownHosts: v.optional(v.array(text), []),
  env: v.optional(v.array(v.looseObject({ name: text })), []),
};
const schema: v.GenericSchema<unknown, Settings> = v.strictObject(
  settingKeys,
  unknownIn(settingKeys),
);

/** The settings with every default filled in, or everything that is wrong with them. */
export function readSettings(
  value: unknown,
):
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly string[] } {
  const read = v.safeParse(schema, value);
  if (read.success) return { ok: true, settings: read.output };
  const problems = read.issues.map((issue) => {
    const path = v.getDotPath(issue);
    return path === null ? issue.message : `${path}: ${issue.message}`;
  });
  return { ok: false, problems };
}

function unknownIn(keys: Readonly<Record<string, unknown>>) {
  return (issue: v.BaseIssue<unknown>): string => {
    if (issue.expected !== "never") return "expected a map with its required keys";
    const name = String(issue.path?.at(-1)?.key);
    return `unknown key${nearestHint(name, Object.keys(keys))}`;
  };
}
