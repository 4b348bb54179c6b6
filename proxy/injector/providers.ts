/** The variables that lead clients to a provider, and the hosts that are known as providers. */
import { joinPath } from "../wire/path.ts";
import type { ProviderName } from "./settings.ts";

/** A variable that holds a base URL. */
export interface BaseUrlVariable {
  readonly name: string;
  readonly provider: ProviderName;
  /** What clients expect behind the host. */
  readonly path: string;
}

/** Measured with the clients of docs/kubernetes.md, which says whom each reaches. */
export const baseUrlVariables: readonly BaseUrlVariable[] = [
  { name: "OPENAI_BASE_URL", provider: "openai", path: "/v1" },
  { name: "OPENAI_API_BASE", provider: "openai", path: "/v1" },
  { name: "ANTHROPIC_BASE_URL", provider: "anthropic", path: "" },
];

/** Variables that hold a provider's key. */
export const keyVariables: Readonly<Record<ProviderName, string>> = {
  openai: "OPENAI_API_KEY",
  anthropic: "ANTHROPIC_API_KEY",
};

/** Azure's client takes `OPENAI_BASE_URL` before its own endpoint, and then calls paths that do not exist. */
export const azureVariable: RegExp = /^(?:AZURE_OPENAI_|OPENAI_API_(?:VERSION|TYPE)$)/;

interface KnownHost {
  readonly host: RegExp;
  /** The path of its base URL. */
  readonly path: string;
}

const exactly = (host: string, path: string): KnownHost => ({
  host: new RegExp(`^${RegExp.escape(host)}$`),
  path,
});

/** Hosts that speak a provider's protocol, with the base URLs that their documentation names. */
const knownHosts: Readonly<Record<ProviderName, readonly KnownHost[]>> = {
  openai: [
    { host: /^(?:[a-z]{2}\.)?api\.openai\.com$/, path: "/v1" },
    { host: /^[a-z0-9-]+\.(?:openai|services\.ai)\.azure\.com$/, path: "/openai/v1" },
    exactly("api.cerebras.ai", "/v1"),
    exactly("api.deepseek.com", "/v1"),
    exactly("api.fireworks.ai", "/inference/v1"),
    exactly("api.groq.com", "/openai/v1"),
    exactly("api.mistral.ai", "/v1"),
    exactly("api.together.xyz", "/v1"),
    exactly("api.x.ai", "/v1"),
    exactly("generativelanguage.googleapis.com", "/v1beta/openai"),
    exactly("openrouter.ai", "/api/v1"),
  ],
  anthropic: [exactly("api.anthropic.com", "")],
};

const defaultOrigins: Readonly<Record<ProviderName, string>> = {
  openai: "https://api.openai.com",
  anthropic: "https://api.anthropic.com",
};

/** What a base URL that the application has set stands for. */
export type BaseUrl =
  | { readonly kind: "local" }
  /** The provider that calls go to anyway. */
  | { readonly kind: "default" }
  | { readonly kind: "known"; readonly url: string; readonly host: string }
  /** A known provider's host with a path that the sidecar would not keep. */
  | { readonly kind: "path" }
  | { readonly kind: "unknown" };

/** Reads a base URL; `more` are hosts that the operator knows. */
export function readBaseUrl(
  text: string,
  variable: BaseUrlVariable,
  more: readonly string[],
): BaseUrl {
  const url = URL.parse(text.trim());
  if (url === null || !isPlain(url)) return { kind: "unknown" };
  if (more.includes(url.host)) return knownUrl(url, null, variable);
  if (isLoopback(url.hostname)) return { kind: "local" };
  const known = knownHosts[variable.provider].find(({ host }) => host.test(url.hostname));
  return known === undefined ? { kind: "unknown" } : knownUrl(url, known.path, variable);
}

/** `wanted` is the path that the host's documentation names; null takes any. */
function knownUrl(url: URL, wanted: string | null, variable: BaseUrlVariable): BaseUrl {
  const path = url.pathname.replace(/\/+$/, "");
  if (path !== (wanted ?? path) || !isKept(url, path, variable)) return { kind: "path" };
  const isDefault = url.origin === defaultOrigins[variable.provider];
  return isDefault
    ? { kind: "default" }
    : { kind: "known", url: url.origin + path, host: url.host };
}

/** Nothing but scheme, host, port and path. */
function isPlain(url: URL): boolean {
  const more = [url.username, url.password, url.search, url.hash].join("");
  return /^https?:$/.test(url.protocol) && more === "";
}

/** Whether a client behind the sidecar reaches the same paths as without it. */
function isKept(url: URL, path: string, variable: BaseUrlVariable): boolean {
  const rests =
    variable.provider === "openai"
      ? ["/chat/completions", "/responses", "/models", "/embeddings"]
      : ["/v1/messages", "/v1/models"];
  return rests.every((rest) => joinPath(url, variable.path + rest) === path + rest);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d+){3}$/.test(host);
}
