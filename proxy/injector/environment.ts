/** A container's environment while it is being changed: what a name stands for, what was set, and what was there before. */
import type { Container, Variable, VariableSource } from "./pod.ts";
import type { Before } from "./status.ts";

/** The keys and values of a ConfigMap or Secret that `envFrom` names; null when they cannot be seen. */
export type Seen = (source: VariableSource) => ReadonlyMap<string, string> | null;

/** What a name stands for in a container. */
export type Found =
  | { readonly kind: "absent" }
  | { readonly kind: "value"; readonly value: string }
  | { readonly kind: "valueFrom"; readonly valueFrom: Readonly<Record<string, unknown>> }
  /** From `envFrom`: the value, and where it came from as a reference to one key. */
  | {
      readonly kind: "seen";
      readonly value: string;
      readonly valueFrom: Readonly<Record<string, unknown>>;
    };

/** Changes one container's environment; the container itself stays as it is. */
export class EnvironmentDraft {
  readonly container: Container;
  readonly #seen: ReadonlyMap<string, Found>;
  readonly #env: Variable[];
  readonly #before = new Map<string, Variable | null>();
  /** Whether some `envFrom` cannot be seen. */
  readonly hasUnseen: boolean;

  constructor(container: Container, seen: Seen) {
    this.container = container;
    this.#env = [...(container.env ?? [])];
    const sources = (container.envFrom ?? []).map((source) => ({ source, values: seen(source) }));
    this.hasUnseen = sources.some(({ values }) => values === null);
    this.#seen = new Map(sources.flatMap(({ source, values }) => foundIn(source, values)));
  }

  /** The last of several entries counts, and an entry counts before `envFrom`. */
  find(name: string): Found {
    const entry = this.#env.findLast((each) => each.name === name);
    if (entry === undefined) return this.#seen.get(name) ?? { kind: "absent" };
    if (entry.valueFrom !== null && entry.valueFrom !== undefined) {
      return { kind: "valueFrom", valueFrom: entry.valueFrom };
    }
    return { kind: "value", value: entry.value ?? "" };
  }

  /** Every name that is known to be set. */
  names(): readonly string[] {
    return [...new Set([...this.#env.map(({ name }) => name), ...this.#seen.keys()])];
  }

  /** Sets a variable where its name stands, or at the end. */
  set(name: string, value: string): void {
    const at = this.#env.findLastIndex((each) => each.name === name);
    this.#remember(name, this.#env[at] ?? null);
    if (at === -1) this.#env.push({ name, value });
    else this.#env[at] = { name, value };
  }

  /** Appends to a variable whose value is not known here, by way of a second one that keeps it. */
  append(name: string, keeper: string, suffix: string): void {
    const at = this.#env.findLastIndex((each) => each.name === name);
    const original = this.#env[at];
    if (original === undefined) return;
    this.#remember(name, original);
    this.#remember(keeper, null);
    const kept = { ...original, name: keeper };
    this.#env.splice(at, 1, kept, { name, value: `$(${keeper})${suffix}` });
  }

  get before(): Before {
    return Object.fromEntries(this.#before);
  }

  /** The container with its changed environment; itself when nothing changed. */
  result(): Container {
    return this.#before.size === 0 ? this.container : { ...this.container, env: this.#env };
  }

  #remember(name: string, was: Variable | null): void {
    if (!this.#before.has(name)) this.#before.set(name, was);
  }
}

/** The container as it was before the variables of `before` were set. */
export function restored(container: Container, before: Before): Container {
  const names = new Set(Object.keys(before));
  if (names.size === 0) return container;
  const env = (container.env ?? []).flatMap((entry, at, all) => {
    const was = before[entry.name];
    const isLast = all.findLastIndex(({ name }) => name === entry.name) === at;
    if (!names.has(entry.name) || !isLast) return [entry];
    return was === null || was === undefined ? [] : [was];
  });
  const { env: _, ...rest } = container;
  return env.length === 0 ? rest : { ...container, env };
}

/** Whether a value refers to other variables, so that it is not known here. */
export function refersToOthers(value: string): boolean {
  return value.replaceAll("$$", "").includes("$(");
}

/** Whether another container of the same pod may take its value from there. */
export function isMovable(valueFrom: Readonly<Record<string, unknown>>): boolean {
  return ["secretKeyRef", "configMapKeyRef", "fieldRef"].some(
    (kind) => valueFrom[kind] !== undefined,
  );
}

function foundIn(
  source: VariableSource,
  values: ReadonlyMap<string, string> | null,
): readonly (readonly [string, Found])[] {
  const kind = source.secretRef === undefined || source.secretRef === null ? "configMap" : "secret";
  const name = (source.secretRef ?? source.configMapRef)?.name ?? "";
  return [...(values ?? [])].map(([key, value]) => {
    const valueFrom = { [`${kind}KeyRef`]: { name, key } };
    return [`${source.prefix ?? ""}${key}`, { kind: "seen", value, valueFrom }] as const;
  });
}
