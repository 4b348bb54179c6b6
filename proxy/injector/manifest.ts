/** Patches the workloads of a manifest by the same rules as the webhook; `sidestep inject` and `uninject` are this. */
import type { Operation } from "rfc6902";
import { inject, type ClusterFacts } from "./inject.ts";
import { readManifest, type Manifest } from "./manifest-text.ts";
import { readPod, type VariableSource } from "./pod.ts";
import { sentenceOf, type NoteReason, type SkipReason } from "./reasons.ts";
import type { Settings } from "./settings.ts";
import { patchedBy } from "./status.ts";
import { uninject } from "./uninject.ts";
import { placesIn, valueAt, type Path, type Place } from "./workload.ts";

/** What was done to one workload, or one container of it. */
export interface Told {
  readonly workload: string;
  readonly container: string | null;
  readonly reason: SkipReason | NoteReason | null;
  readonly about: string | null;
  readonly sentence: string;
}

/** The patched manifest and its account, or what is wrong with it. */
export type Patched =
  | { readonly ok: true; readonly text: string; readonly told: readonly Told[] }
  | { readonly ok: false; readonly problem: string };

/** The manifest with a sidecar in every workload that does not refuse it. */
export function injectManifest(
  text: string,
  settings: Settings,
  facts: Omit<ClusterFacts, "seen">,
): Patched {
  const manifest = readManifest(text);
  if (!manifest.ok) return manifest;
  const values = manifest.documents.map(({ value }) => value);
  const whole = { ...facts, seen: (source: VariableSource) => dataIn(values, source) };
  return eachPod(manifest, (pod, { name }) => {
    const read = readPod(pod);
    if (!read.ok) return { patch: [], told: [skipTold(name, "pod_unreadable", read.problem)] };
    const subject = { pod: read.pod, namespaceLabels: null, isAsked: true };
    const injection = inject(subject, settings, whole);
    if (injection.kind === "skipped") {
      return { patch: [], told: [skipTold(name, injection.reason, injection.detail)] };
    }
    const by = patchedBy(read.pod);
    const notes = injection.notes.map(({ container, reason, about }) => ({
      workload: name,
      container,
      reason,
      about,
      sentence: sentenceOf(reason),
    }));
    const told = by === null || by === facts.version ? notes : [otherTold(name, by)];
    return { patch: injection.patch, told };
  });
}

/** The manifest without what an injection put in. */
export function uninjectManifest(text: string): Patched {
  const manifest = readManifest(text);
  if (!manifest.ok) return manifest;
  return eachPod(manifest, (pod, { name }) => {
    const read = readPod(pod);
    const patch = (read.ok ? uninject(read.pod)?.patch : null) ?? null;
    const sentence = patch === null ? "Nothing was injected here." : "The sidecar is taken out.";
    return { patch: patch ?? [], told: [plainTold(name, sentence)] };
  });
}

type Step = (
  pod: unknown,
  place: Place,
) => { readonly patch: readonly Operation[]; readonly told: readonly Told[] };

function eachPod(manifest: Manifest & { readonly ok: true }, step: Step): Patched {
  const told: Told[] = [];
  for (const { value, apply } of manifest.documents) {
    for (const place of placesIn(value)) {
      const done = step(valueAt(value, place.path), place);
      apply(place.path, done.patch);
      told.push(...done.told);
    }
  }
  return { ok: true, text: manifest.text(), told };
}

function plainTold(workload: string, sentence: string): Told {
  return { workload, container: null, reason: null, about: null, sentence };
}

function otherTold(workload: string, version: string): Told {
  const stays = `Version ${version} patched it, and it stays so`;
  return plainTold(workload, `${stays}; \`sidestep uninject\` first takes that out.`);
}

function skipTold(workload: string, reason: SkipReason, detail: string | null): Told {
  return { workload, container: null, reason, about: detail, sentence: sentenceOf(reason) };
}

/** What a ConfigMap or Secret of the same manifest holds. */
function dataIn(
  values: readonly unknown[],
  source: VariableSource,
): ReadonlyMap<string, string> | null {
  const [kind, reference] =
    source.secretRef === undefined || source.secretRef === null
      ? (["ConfigMap", source.configMapRef] as const)
      : (["Secret", source.secretRef] as const);
  const name = reference?.name;
  const found = values.find(
    (value) => textAt(value, ["kind"]) === kind && textAt(value, ["metadata", "name"]) === name,
  );
  if (found === undefined || name === undefined) return null;
  const plain = entriesAt(found, [kind === "Secret" ? "stringData" : "data"]);
  const coded = kind === "Secret" ? entriesAt(found, ["data"]) : [];
  return new Map([
    ...coded.map(([key, text]) => [key, Buffer.from(text, "base64").toString()] as const),
    ...plain,
  ]);
}

function textAt(value: unknown, path: Path): string | null {
  const found = valueAt(value, path);
  return typeof found === "string" ? found : null;
}

function entriesAt(value: unknown, path: Path): readonly (readonly [string, string])[] {
  const found = valueAt(value, path);
  const all: readonly (readonly [string, unknown])[] =
    typeof found === "object" && found !== null ? Object.entries(found) : [];
  return all.flatMap(([key, each]) => (typeof each === "string" ? [[key, each] as const] : []));
}
