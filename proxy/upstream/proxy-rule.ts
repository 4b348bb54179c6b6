/** Which proxy a call to a provider goes through, from HTTPS_PROXY, HTTP_PROXY and NO_PROXY; the pool asks. */

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
  const exemptions = (valueOf(env, "no_proxy") ?? "").split(/[\s,]+/).flatMap(exemptionOf);
  return (url) => {
    const proxy = url.protocol === "https:" ? secure : plain;
    if (proxy === null || exemptions.some((one) => isExempt(one, url))) return null;
    return proxy;
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

function isExempt(exemption: Exemption, url: URL): boolean {
  if (exemption.port !== null && exemption.port !== portOf(url)) return false;
  if (exemption.host === "*") return true;
  const host = hostOf(url).toLowerCase().replace(/\.$/, "");
  if (host === exemption.host) return !exemption.isSubdomainsOnly;
  return host.endsWith(`.${exemption.host}`);
}
