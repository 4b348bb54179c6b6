/** The providers that the sidecar is told of beside its policy: those that the application had named, and their keys. */
import type { Variable } from "./pod.ts";
import type { ProviderName } from "./settings.ts";

interface Upstream {
  readonly url: string | null;
  /** The host of calls that are redirected here on their way there. */
  readonly host?: string;
  readonly protocol: ProviderName;
  readonly keyVariable: string | null;
}

const protocols: Readonly<Record<ProviderName, string>> = {
  openai: "openai-chat",
  anthropic: "anthropic-messages",
};

/** Longest name that a policy's provider has. */
const LONGEST = 64;

/** Collects them; the sidecar reads the outcome as `SIDESTEP_PROVIDERS`. */
export class Upstreams {
  readonly #byName = new Map<string, Upstream>();
  readonly #keys: Variable[] = [];

  /** The sidecar's name for an application's own base URL. */
  keep(url: string, host: string, protocol: ProviderName): string {
    const name = this.#nameFor(`app-${host}`, url);
    if (!this.#byName.has(name)) this.#byName.set(name, { url, protocol, keyVariable: null });
    return name;
  }

  /** A host whose calls come here by the pod's network. */
  redirect(host: string): void {
    const url = `http://${host}`;
    const name = this.#nameFor(`redirect-${host}`, url);
    this.#byName.set(name, { url, host, protocol: "openai", keyVariable: null });
  }

  #nameFor(wanted: string, url: string): string {
    const stem = wanted.replaceAll(/[^a-z0-9-]/g, "-").slice(0, LONGEST - 3);
    const isFree = (name: string): boolean => (this.#byName.get(name)?.url ?? url) === url;
    let name = stem;
    for (let count = 2; !isFree(name); count += 1) name = `${stem}-${count}`;
    return name;
  }

  /** Gives a provider its key, which the sidecar then has in a variable of its own. */
  giveKey(name: string, protocol: ProviderName, value: Omit<Variable, "name">): void {
    const keyVariable = `SIDESTEP_KEY_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`;
    const before = this.#byName.get(name) ?? { url: null, protocol };
    this.#byName.set(name, { ...before, keyVariable });
    this.#keys.push({ name: keyVariable, ...value });
  }

  /** The sidecar's variables: the keys, and the providers as a policy would write them. */
  variables(): readonly Variable[] {
    if (this.#byName.size === 0) return [];
    const providers = [...this.#byName].map(([name, { url, host, protocol, keyVariable }]) => [
      name,
      {
        ...(url === null ? {} : { url, protocol: protocols[protocol] }),
        ...(host === undefined ? {} : { hosts: [host] }),
        ...(keyVariable === null ? {} : { key: `\${${keyVariable}:-}` }),
      },
    ]);
    const value = JSON.stringify(Object.fromEntries(providers));
    return [...this.#keys, { name: "SIDESTEP_PROVIDERS", value }];
  }
}
