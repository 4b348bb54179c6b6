/** Which proxy a call to a provider goes through, from HTTPS_PROXY, HTTP_PROXY and NO_PROXY; the pool asks. */
import { BlockList, isIP } from "node:net";

/** The part of the environment that is read here. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for a provider's URL; null when calls go there directly. */
export type ProxyRule = (url: URL) => URL | null;

interface Exemption {
  /** Lower case, without brackets; "*" holds for every host. */
  readonly host: string;
  /** True for `.example.com` and `*.example.com`: subdomains only for the latter. */
  readonly isSubdomainsOnly: boolean;
  readonly port: string | null;
}

/**
 * Reads the environment once; lower-case names win over upper-case ones, as in curl.
 * Throws TypeError when a proxy's URL is none or has a scheme other than http and https.
 */
export function proxyRule(env: Environment): ProxyRule {
  const secure = proxyUrl(env, "https_proxy");
  const plain = proxyUrl(env, "http_proxy");
  const entries = (valueOf(env, "no_proxy") ?? "").split(/[\s,]+/);
  const exemptions = entries.flatMap(exemptionOf);
  const networks = networksOf(entries);
  return (url) => {
    const proxy = url.protocol === "https:" ? secure : plain;
    if (proxy === null || exemptions.some((one) => isExempt(one, url))) return null;
    return isWithin(networks, hostOf(url)) ? null : proxy;
  };
}

/** A URL's port, the scheme's own when it names none. */
export function portOf(url: URL): string {
  if (url.port !== "") return url.port;
  return url.protocol === "https:" ? "443" : "80";
}

/** A URL's host as sockets want it: IPv6 addresses without brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

function proxyUrl(env: Environment, name: string): URL | null {
  const text = valueOf(env, name);
  if (text === undefined) return null;
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  // The value may hold a password, so it is not repeated.
  if (url === null) throw new TypeError(`${name.toUpperCase()} is not a URL`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(`${name.toUpperCase()}: only http and https proxies are supported`);
  }
  return url;
}

function valueOf(env: Environment, name: string): string | undefined {
  const value = env[name] ?? env[name.toUpperCase()];
  return value === undefined || value.trim() === "" ? undefined : value.trim();
}

function exemptionOf(entry: string): Exemption[] {
  if (entry === "") return [];
  const [, inner, port] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [
    undefined,
    entry,
    undefined,
  ];
  const name = (inner ?? entry)
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase()
    .replace(/\.$/, "");
  const isSubdomainsOnly = name.startsWith("*.");
  const host = name === "*" ? name : name.replace(/^\*?\./, "");
  return [{ host, isSubdomainsOnly, port: port ?? null }];
}

/** Networks such as `10.0.0.0/8`, for providers that are named by address; names are not looked up. */
function networksOf(entries: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const entry of entries) {
    const [, address = "", bits = ""] = /^\[?([\da-f.:]+)\]?\/(\d{1,3})$/i.exec(entry) ?? [];
    const family = familyOf(address);
    const isNetwork = family !== null && Number(bits) <= (family === "ipv4" ? 32 : 128);
    if (isNetwork) networks.addSubnet(address, Number(bits), family);
  }
  return networks;
}

function isWithin(networks: BlockList, host: string): boolean {
  const family = familyOf(host);
  return family !== null && networks.check(host, family);
}

function familyOf(address: string): "ipv4" | "ipv6" | null {
  const version = isIP(address);
  if (version === 0) return null;
  return version === 4 ? "ipv4" : "ipv6";
}

function isExempt(exemption: Exemption, url: URL): boolean {
  if (exemption.port !== null && exemption.port !== portOf(url)) return false;
  if (exemption.host === "*") return true;
  const host = hostOf(url).toLowerCase().replace(/\.$/, "");
  if (host === exemption.host) return !exemption.isSubdomainsOnly;
  return host.endsWith(`.${exemption.host}`);
}
