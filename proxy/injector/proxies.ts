/** Gives the sidecar the HTTP proxy that an application has, and keeps the application's own calls to the sidecar off it. */
import { tell, type ContainerDraft } from "./container-draft.ts";
import { isMovable, refersToOthers } from "./environment.ts";
import type { Variable } from "./pod.ts";

/** The sidecar reads lower-case names before upper-case ones, and so does this. */
const exemptNames = ["no_proxy", "NO_PROXY"] as const;
const proxyNames: readonly string[] =
  "https_proxy HTTPS_PROXY http_proxy HTTP_PROXY all_proxy ALL_PROXY".split(" ");
const loopback = ["localhost", "127.0.0.1"] as const;

/** A container's proxy, as the sidecar would be given it. */
export type AppProxy =
  | { readonly kind: "none" }
  | { readonly kind: "variables"; readonly variables: readonly Variable[] }
  /** There is one that the sidecar cannot have, so that this container has to keep its own way. */
  | { readonly kind: "unusable"; readonly about: string };

/** What the sidecar would be given for this container. */
export function proxyOf(draft: ContainerDraft): AppProxy {
  const variables = new Map<string, Variable>();
  for (const name of [...proxyNames, ...exemptNames]) {
    // Providers are called by https, and the sidecar reads no ALL_PROXY.
    const taken = name.toUpperCase().replace("ALL_PROXY", "HTTPS_PROXY");
    if (variables.has(taken)) continue;
    const copy = copyOf(draft, name);
    if (copy === "unusable") return { kind: "unusable", about: name };
    if (copy !== null) variables.set(taken, { name: taken, ...copy });
  }
  const isProxied = variables.has("HTTPS_PROXY") || variables.has("HTTP_PROXY");
  return isProxied ? { kind: "variables", variables: [...variables.values()] } : { kind: "none" };
}

/** Adds the loopback addresses to what the container calls directly, if it has a proxy at all. */
export function exemptLoopback(draft: ContainerDraft): void {
  const proxied = proxyNames.filter((name) => draft.env.find(name).kind !== "absent");
  if (proxied.length === 0) return;
  const present = exemptNames.filter((name) => draft.env.find(name).kind !== "absent");
  for (const name of present) extend(draft, name);
  if (present.length > 0) return;
  // Written as the proxy's own variables are, since some clients read one case only.
  for (const name of exemptNames) {
    const isLower = name === name.toLowerCase();
    if (!proxied.some((each) => (each === each.toLowerCase()) === isLower)) continue;
    draft.env.set(name, loopback.join(","));
    tell(draft, "no_proxy_extended", name);
  }
}

function extend(draft: ContainerDraft, name: string): void {
  const found = draft.env.find(name);
  if (found.kind === "absent") return;
  if (found.kind === "valueFrom") {
    draft.env.append(name, `SIDESTEP_APP_${name}`, `,${loopback.join(",")}`);
  } else {
    const entries = found.value.split(",").map((entry) => entry.trim());
    const missing = loopback.filter((entry) => !entries.includes(entry));
    if (missing.length === 0 || entries.includes("*")) return;
    draft.env.set(name, [found.value, ...missing].filter((part) => part !== "").join(","));
  }
  tell(draft, "no_proxy_extended", name);
}

function copyOf(draft: ContainerDraft, name: string): Omit<Variable, "name"> | "unusable" | null {
  const found = draft.env.find(name);
  if (found.kind === "absent") return null;
  if (found.kind !== "value") {
    return isMovable(found.valueFrom) ? { valueFrom: found.valueFrom } : "unusable";
  }
  if (found.value.trim() === "") return null;
  if (refersToOthers(found.value)) return "unusable";
  const isExempt = name.toLowerCase() === "no_proxy";
  return isExempt || isHttp(found.value) ? { value: found.value } : "unusable";
}

function isHttp(value: string): boolean {
  const url = URL.parse(value.includes("://") ? value : `http://${value}`);
  return url !== null && /^https?:$/.test(url.protocol);
}
