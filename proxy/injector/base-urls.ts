/** Leads a container's base URL variables to the sidecar, each only where nothing is lost by it. */
import { tell, type ContainerDraft } from "./container-draft.ts";
import { refersToOthers, type Found } from "./environment.ts";
import type { Ports } from "./ports.ts";
import {
  azureVariable,
  baseUrlVariables,
  readBaseUrl,
  type BaseUrl,
  type BaseUrlVariable,
} from "./providers.ts";
import type { ProviderName } from "./settings.ts";
import type { Upstreams } from "./upstreams.ts";

/** What leading needs to know. */
export interface LeadOptions {
  readonly providers: readonly ProviderName[];
  readonly knownHosts: readonly string[];
  readonly ports: Ports;
  readonly upstreams: Upstreams;
}

/** Sets the variables of every wanted provider. */
export function leadToSidecar(draft: ContainerDraft, options: LeadOptions): void {
  for (const provider of options.providers) {
    const variables = baseUrlVariables.filter((each) => each.provider === provider);
    const present = variables.filter(({ name }) => isSet(draft.env.find(name)));
    // Where one is set, a client that reads another has gone elsewhere on purpose, or is not there.
    for (const variable of present.length > 0 ? present : variables) {
      leadVariable(draft, variable, options);
    }
  }
}

/** Clients take an empty variable for none. */
function isSet(found: Found): boolean {
  return found.kind === "valueFrom" || (found.kind !== "absent" && found.value !== "");
}

function leadVariable(
  draft: ContainerDraft,
  variable: BaseUrlVariable,
  options: LeadOptions,
): void {
  const found = draft.env.find(variable.name);
  if (found.kind === "valueFrom") return tell(draft, "value_from", variable.name);
  const value = found.kind === "absent" ? "" : found.value;
  if (value === "" && variable.provider === "openai" && isAzure(draft)) {
    return tell(draft, "azure_client", variable.name);
  }
  if (value === "") return setTo(draft, variable, null, options);
  if (refersToOthers(value)) return tell(draft, "value_refers", variable.name);
  const url = readBaseUrl(value, variable, options.knownHosts);
  leadFrom(draft, variable, url, options);
}

function isAzure(draft: ContainerDraft): boolean {
  return draft.env.names().some((name) => azureVariable.test(name));
}

function leadFrom(
  draft: ContainerDraft,
  variable: BaseUrlVariable,
  url: BaseUrl,
  options: LeadOptions,
): void {
  switch (url.kind) {
    case "default":
      return setTo(draft, variable, null, options);
    case "known": {
      tell(draft, "upstream_kept", variable.name);
      const name = options.upstreams.keep(url.url, url.host, variable.provider);
      return setTo(draft, variable, name, options);
    }
    case "local":
      return tell(draft, "already_local", variable.name);
    case "path":
      return tell(draft, "upstream_path", variable.name);
    case "unknown":
      return tell(draft, "provider_unknown", variable.name);
  }
}

/** An address, not `localhost`, which may be looked up or lead to IPv6. */
function setTo(
  draft: ContainerDraft,
  variable: BaseUrlVariable,
  upstream: string | null,
  { ports }: LeadOptions,
): void {
  const prefix = upstream === null ? "" : `/${upstream}`;
  draft.env.set(variable.name, `http://127.0.0.1:${ports.data}${prefix}${variable.path}`);
  const upstreams = draft.upstreams.get(variable.provider) ?? new Set();
  draft.upstreams.set(variable.provider, upstreams.add(upstream ?? variable.provider));
  tell(draft, "variable_set", variable.name);
}
