/** The annotations that pods carry: one table with their forms, defaults and sentences, which docs/kubernetes.md repeats. */
import { nearestHint } from "../policy/nearest.ts";
import { wordsOf, type Pod } from "./pod.ts";
import { QUANTITY } from "./quantity.ts";
import { providerNames, type ProviderName, type Resources, type Settings } from "./settings.ts";

/** All of ours begin with this. */
export const PREFIX = "sidestep.dev/";

/** Written by the injector: what it did, or why it did nothing. */
export const STATUS: string = `${PREFIX}status`;

/** A label on patched pods, for selectors of monitors. */
export const INJECTED: string = `${PREFIX}injected`;

/** A pod's wish for a sidecar, as a label or annotation, and a namespace's as a label. */
export const INJECT: string = `${PREFIX}inject`;

/** A key that is taken from a Secret of the pod's namespace. */
export interface KeySource {
  readonly secret: string;
  readonly key: string;
}

/** What a pod wants of its sidecar: its annotations over the operator's settings. */
export interface Wishes {
  readonly image: string;
  readonly resources: Resources;
  readonly providers: readonly ProviderName[];
  readonly envFrom: "check" | "ignore";
  /** A ConfigMap of the pod's namespace with a policy for this pod. */
  readonly policy: string | null;
  /** Names of the containers that get variables; null means all. */
  readonly containers: ReadonlySet<string> | null;
  readonly isKeyMoved: boolean;
  readonly keys: ReadonlyMap<ProviderName, KeySource>;
  /** Set when the pod insists on this port. */
  readonly port: number | null;
  readonly graceSeconds: number | null;
  readonly logLevel: string | null;
  /** `HOST[:PORT]` whose plain HTTP calls are led to the sidecar whatever the application's variables say. */
  readonly redirect: readonly string[];
}

interface Row {
  readonly about: string;
  readonly form: string;
  /** What the text means, as part of the wishes; null when it is not of the form. */
  readonly read: (text: string) => Read | null;
}

type Read = Partial<Omit<Wishes, "resources">> & { readonly resources?: Partial<Resources> };

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const HOST = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[1-9]\d{0,4})?$/;
const KEY_SOURCE = /^([a-z]+)=([a-z0-9][a-z0-9.-]*)\/([A-Za-z0-9._-]+)$/;

/** Every annotation but `inject` and `status`. */
export const annotations: Readonly<Record<string, Row>> = {
  containers: {
    form: "names, separated by commas",
    about: "The containers that get variables, init containers included; all of them without it.",
    read: (text) => setOf(text, NAME, (names) => ({ containers: new Set(names) })),
  },
  "cpu-limit": quantityRow("Most processor time of the sidecar.", "cpuLimit"),
  "cpu-request": quantityRow("Processor time that is reserved for the sidecar.", "cpuRequest"),
  "env-from": {
    form: "`check` or `ignore`",
    about: "Whether a container is left alone when its `envFrom` may hold a base URL.",
    read: (text) => (text === "check" || text === "ignore" ? { envFrom: text } : null),
  },
  grace: {
    form: "seconds",
    about: "The pod's grace period, whatever the pod has.",
    read: (text) => numberOf(text, 10, 86_400, (graceSeconds) => ({ graceSeconds })),
  },
  image: {
    form: "an image",
    about: "The sidecar's image.",
    read: (text) => (/^[\w][\w.\-/:@]*$/.test(text) ? { image: text } : null),
  },
  key: {
    form: "`app` or `secret`",
    about: "Whether the application holds the provider's key, or the sidecar alone.",
    read: (text) =>
      text === "app" || text === "secret" ? { isKeyMoved: text === "secret" } : null,
  },
  "key-from": {
    form: "`PROVIDER=SECRET/KEY`, separated by commas",
    about: "Where the sidecar takes keys from, when no variable of the application says it.",
    read: keysFrom,
  },
  "log-level": {
    form: "`debug`, `info`, `warn` or `error`",
    about: "How much the sidecar logs.",
    read: (text) => (/^(?:debug|info|warn|error)$/.test(text) ? { logLevel: text } : null),
  },
  "memory-limit": quantityRow("Most memory of the sidecar.", "memoryLimit"),
  "memory-request": quantityRow("Memory that is reserved for the sidecar.", "memoryRequest"),
  policy: {
    form: "a ConfigMap's name",
    about: "A policy for this pod, inside those of its namespace and cluster.",
    read: (text) => (NAME.test(text) ? { policy: text } : null),
  },
  port: {
    form: "a number from 1024 to 32000",
    about: "The data port; admin and health are the next two. Without it a free one is found.",
    read: (text) => numberOf(text, 1024, 32_000, (port) => ({ port })),
  },
  providers: {
    form: "`openai`, `anthropic`, or both",
    about: "Whose variables are set.",
    read: (text) => setOf(text, /^(?:openai|anthropic)$/, (names) => ({ providers: known(names) })),
  },
  redirect: {
    form: "`HOST:PORT`, separated by commas",
    about:
      "Hosts that are called over plain http and whose calls are led to the sidecar by the pod's network; needs `sidecar.redirectImage`.",
    read: (text) => setOf(text, HOST, (hosts) => ({ redirect: [...new Set(hosts)] })),
  },
};

const noted: ReadonlySet<string> = new Set([INJECT, STATUS, INJECTED]);

/** Reads a pod's annotations; what is unknown or of no valid form is a problem in words. */
export function readAnnotations(
  pod: Pod,
  settings: Settings,
):
  | { readonly ok: true; readonly wishes: Wishes }
  | { readonly ok: false; readonly problem: string } {
  let wishes = wishesOf(settings);
  for (const [name, text] of Object.entries(wordsOf(pod, "annotations"))) {
    if (!name.startsWith(PREFIX) || noted.has(name)) continue;
    const word = name.slice(PREFIX.length);
    const row = Object.hasOwn(annotations, word) ? annotations[word] : undefined;
    if (row === undefined) {
      return { ok: false, problem: `${name} is unknown${nearestHint(word, rowNames())}` };
    }
    const read = row.read(text.trim());
    if (read === null) return { ok: false, problem: `${name} takes ${row.form}` };
    const resources = { ...wishes.resources, ...read.resources };
    wishes = { ...wishes, ...read, resources };
  }
  return { ok: true, wishes };
}

function rowNames(): readonly string[] {
  return [INJECT.slice(PREFIX.length), ...Object.keys(annotations)];
}

function wishesOf(settings: Settings): Wishes {
  const { image, resources, providers, envFrom } = settings;
  return {
    image,
    resources,
    providers,
    envFrom,
    policy: null,
    containers: null,
    isKeyMoved: false,
    keys: new Map(),
    port: null,
    graceSeconds: null,
    logLevel: null,
    redirect: [],
  };
}

/** Each merges singly: one annotation leaves the other three quantities as they are. */
function quantityRow(about: string, key: keyof Resources): Row {
  return {
    form: "a quantity such as `100m` or `256Mi`",
    about,
    read: (text) => (QUANTITY.test(text) ? { resources: { [key]: text } } : null),
  };
}

function partsOf(text: string): readonly string[] {
  return text.split(",").map((part) => part.trim());
}

function setOf<T>(text: string, form: RegExp, use: (names: readonly string[]) => T): T | null {
  const names = partsOf(text);
  return names.every((name) => form.test(name)) ? use(names) : null;
}

function numberOf<T>(
  text: string,
  least: number,
  most: number,
  use: (number: number) => T,
): T | null {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? use(number) : null;
}

function known(names: readonly string[]): readonly ProviderName[] {
  return providerNames.filter((name) => names.includes(name));
}

function keysFrom(text: string): Read | null {
  const keys = new Map<ProviderName, KeySource>();
  for (const part of partsOf(text)) {
    const [, word = "", secret, key] = KEY_SOURCE.exec(part) ?? [];
    const [provider] = known([word]);
    if (provider === undefined || secret === undefined || key === undefined) return null;
    keys.set(provider, { secret, key });
  }
  return { keys, isKeyMoved: true };
}
