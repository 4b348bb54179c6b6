/** Which provider a call is for, and its path there; bytes of path and query are kept as the caller wrote them. Used by destination, forward and the listener. */
import { headerValue, pathOf, type HeaderLines, type Routed } from "../core/http.ts";

/** Names of providers, as a set or as the keys of a map. */
type Names = Pick<ReadonlySet<string>, "has">;

/**
 * The provider that a request target is for. `/<provider name>/...` wins and is stripped, then the
 * marks of Anthropic's protocol, then `openai`; the name need not be one of `providerNames`.
 * Of an absolute-form target only the path counts: a caller cannot name a host.
 */
export function routeTarget(target: string, headers: HeaderLines, providerNames: Names): Routed {
  const path = originForm(target);
  const prefix = prefixOf(path, providerNames);
  if (prefix !== null) return { provider: prefix, path: originForm(path.slice(prefix.length + 1)) };
  return { provider: isAnthropic(path, headers) ? "anthropic" : "openai", path };
}

/** Names by which a call means the pod itself. */
const ownHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/;

/**
 * A call that was redirected here on its way to somebody else: its provider where the policy names that host,
 * nobody where it does not; null for a call to the pod itself.
 */
export function redirectedTarget(
  target: string,
  headers: HeaderLines,
  hosts: ReadonlyMap<string, string>,
): Routed | null {
  if (hosts.size === 0) return null;
  const host = (headerValue(headers, "host") ?? "localhost").toLowerCase().replace(/:80$/, "");
  const provider = hosts.get(host);
  if (provider === undefined && ownHost.test(host)) return null;
  return { provider: provider ?? "", path: originForm(target), isRedirected: true };
}

/** Path and query of a target; a lacking path is the root. */
function originForm(target: string): string {
  const path = target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?]*/i, "");
  return path === "" || path.startsWith("?") ? `/${path}` : path;
}

function prefixOf(path: string, providerNames: Names): string | null {
  const name = /^\/([^/?]+)/.exec(path)?.[1];
  if (name === undefined || !providerNames.has(name) || isAzure(path)) return null;
  return name;
}

/** Azure's own paths begin with /openai too: deployments, and whatever names an API version. */
function isAzure(path: string): boolean {
  return /^\/openai\/(?:deployments(?:[/?]|$)|.*[?&]api-version=)/.test(path);
}

function isAnthropic(path: string, headers: HeaderLines): boolean {
  if (/^(?:\/v1)?\/messages(?:[/?]|$)/.test(path)) return true;
  return ["anthropic-version", "x-api-key"].some(
    (name) => headerValue(headers, name) !== undefined,
  );
}

/** First segments of OpenAI's and Anthropic's paths, for clients whose base URL lacks `/v1`. */
const bareSegments: ReadonlySet<string> = new Set(
  (
    "assistants audio batches chat chatkit complete completions containers conversations embeddings " +
    "evals files fine_tuning images messages models moderations organization organizations realtime " +
    "responses skills threads uploads vector_stores videos"
  ).split(" "),
);

/** A path segment that names an API version: v1, v2, v1beta, v1alpha2, v4. */
const version = /^v\d+(?:(?:alpha|beta)\d*)?$/;

/**
 * Joins a call's path and query to the path of a provider's URL without doubling or losing `/v1`.
 * Paths with a version scheme of their own (Gemini, Bedrock, Azure, Ollama, Cohere) keep it, on the
 * URL's path without its trailing `/v1`.
 */
export function joinPath(providerUrl: URL, path: string): string {
  const base = providerUrl.pathname.replace(/\/+$/, "");
  const root = base.replace(/\/v1$/, "");
  // A caller's base URL ended in a slash: its path stands as it would without Sidestep.
  if (/^\/{2,}v1(?:[/?]|$)/.test(path)) return root + path;
  const first = firstSegment(path);
  if (first === "v1") return replacesV1(base) ? base + path.slice(3) : base + path;
  if (isForeign(first, path)) return withoutOverlap(root, first) + path;
  return bareSegments.has(first) && !hasVersion(base) ? `${base}/v1${path}` : base + path;
}

function firstSegment(path: string): string {
  return pathOf(path).split("/", 2)[1] ?? "";
}

function hasVersion(base: string): boolean {
  return base.includes("/deployments/") || base.split("/").some((segment) => version.test(segment));
}

/** A URL that ends in a version, or has one of another scheme, stands where others write `/v1`. */
function replacesV1(base: string): boolean {
  const segments = base.split("/");
  const last = segments.findLast((segment) => version.test(segment));
  return last === segments.at(-1) || (last ?? "v1") !== "v1" || base.includes("/deployments/");
}

function isForeign(first: string, path: string): boolean {
  return version.test(first) || first === "model" || first === "api" || path.startsWith("/openai/");
}

/** A URL that already ends in the foreign path's first segment is not given it twice. */
function withoutOverlap(root: string, first: string): string {
  return root.endsWith(`/${first}`) ? root.slice(0, -first.length - 1) : root;
}
