/** Where a pod stands in each kind of Kubernetes object; objects without one are left as they are. */

/** The way to a value: keys and indices. */
export type Path = readonly (string | number)[];

/** A pod or pod template of an object, by where it stands. */
export interface Place {
  readonly path: Path;
  /** E.g. `deployment/shop`. */
  readonly name: string;
}

const inTemplate: Path = ["spec", "template"];
const paths: Readonly<Record<string, Path>> = {
  Pod: [],
  PodTemplate: ["template"],
  Deployment: inTemplate,
  ReplicaSet: inTemplate,
  ReplicationController: inTemplate,
  StatefulSet: inTemplate,
  DaemonSet: inTemplate,
  Job: inTemplate,
  CronJob: ["spec", "jobTemplate", "spec", "template"],
  Rollout: inTemplate,
};

/** The pods in an object; those of every item for a list. */
export function placesIn(object: unknown): readonly Place[] {
  const kind = textAt(object, ["kind"]);
  if (kind === "List") {
    const items = valueAt(object, ["items"]);
    const all = Array.isArray(items) ? items : [];
    return all.flatMap((item, at) =>
      placesIn(item).map(({ path, name }) => ({ path: ["items", at, ...path], name })),
    );
  }
  const path = kind !== null && Object.hasOwn(paths, kind) ? paths[kind] : undefined;
  if (kind === null || path === undefined || valueAt(object, path) === undefined) return [];
  const name = textAt(object, ["metadata", "name"]) ?? textAt(object, ["metadata", "generateName"]);
  return [{ path, name: `${kind.toLowerCase()}/${name ?? "unnamed"}` }];
}

/** The value at a path; undefined when there is none. */
export function valueAt(object: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    return Reflect.get(value, key);
  }, object);
}

function textAt(object: unknown, path: Path): string | null {
  const value = valueAt(object, path);
  return typeof value === "string" ? value : null;
}
