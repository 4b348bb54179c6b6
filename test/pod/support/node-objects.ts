/** ConfigMaps and Secrets as a node has them, and the variables and volumes that are made of them. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerShape, KeyReference, PodShape, ValueSource } from "./pod-shape.ts";

/** Keys and values. */
export type Values = Readonly<Record<string, string>>;

/** By name. */
export interface NodeObjects {
  readonly configMaps: Readonly<Record<string, Values>>;
  readonly secrets: Readonly<Record<string, Values>>;
}

/** What `env` of a container comes to: in order, `$(NAME)` being what stands before. */
export function environmentOf(
  { env }: ContainerShape,
  pod: PodShape,
  objects: NodeObjects,
): readonly string[] {
  const values = new Map<string, string>();
  for (const { name, value, valueFrom } of env) {
    const text = valueFrom === undefined ? value : fetched(valueFrom, pod, objects);
    if (text === null) continue;
    const known = (all: string, other: string): string => values.get(other) ?? all;
    values.set(name, text.replaceAll(/\$\((\w+)\)/g, known));
  }
  return [...values].map(([name, value]) => `${name}=${value}`);
}

function fetched(source: ValueSource, { metadata }: PodShape, objects: NodeObjects): string | null {
  const { fieldRef, secretKeyRef, configMapKeyRef } = source;
  if (secretKeyRef !== undefined) return referred(objects.secrets, secretKeyRef);
  if (configMapKeyRef !== undefined) return referred(objects.configMaps, configMapKeyRef);
  const fields = { "metadata.name": metadata.name, "metadata.namespace": metadata.namespace };
  const field = Object.entries(fields).find(([path]) => path === fieldRef?.fieldPath);
  if (field === undefined) throw new Error(`the rig knows no field ${fieldRef?.fieldPath}`);
  return field[1];
}

function referred(
  objects: Readonly<Record<string, Values>>,
  { name, key, optional }: KeyReference,
): string | null {
  const value = objects[name]?.[key];
  if (value === undefined && !optional) throw new Error(`there is no ${name}/${key}`);
  return value ?? null;
}

/** A pod's volumes as folders. */
export class Volumes {
  readonly #folder = mkdtempSync(join(tmpdir(), "sidestep-volumes-"));
  readonly #pod: PodShape;
  #generation = 0;

  constructor(pod: PodShape, { configMaps }: NodeObjects) {
    this.#pod = pod;
    chmodSync(this.#folder, 0o755);
    for (const { name, configMap } of pod.spec.volumes) {
      mkdirSync(this.pathOf(name));
      // An emptyDir is anybody's.
      chmodSync(this.pathOf(name), configMap === undefined ? 0o777 : 0o755);
      if (configMap === undefined) continue;
      const values = configMaps[configMap.name];
      if (values === undefined && !configMap.optional) throw new Error(`no ${configMap.name}`);
      this.#project(this.pathOf(name), values ?? {});
    }
  }

  /** The folder of a volume. */
  pathOf(name: string): string {
    return join(this.#folder, name);
  }

  /** Brings a ConfigMap's new values into the volumes that have it, all of its keys at once. */
  update(configMap: string, values: Values): void {
    for (const volume of this.#pod.spec.volumes) {
      if (volume.configMap?.name === configMap) this.#project(this.pathOf(volume.name), values);
    }
  }

  /** As the kubelet: a folder with the keys, to which `..data` leads; each key is a link through that. */
  #project(folder: string, values: Values): void {
    this.#generation += 1;
    const generation = `..generation-${this.#generation}`;
    mkdirSync(join(folder, generation));
    chmodSync(join(folder, generation), 0o755);
    for (const [key, value] of Object.entries(values)) {
      writeFileSync(join(folder, generation, key), value, { mode: 0o644 });
      rmSync(join(folder, key), { force: true });
      symlinkSync(join("..data", key), join(folder, key));
    }
    symlinkSync(generation, join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  }
}
