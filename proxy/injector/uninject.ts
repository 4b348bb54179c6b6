/** Takes a patch back by what its status annotation says, pure like the injection. */
import { createPatch, type Operation } from "rfc6902";
import { INJECTED, STATUS } from "./annotations.ts";
import { restored } from "./environment.ts";
import { DEFAULT_CONTAINER } from "./placement.ts";
import type { Metadata, Pod, PodSpec } from "./pod.ts";
import { REDIRECT } from "./redirect-container.ts";
import { SIDECAR, VOLUME_PREFIX } from "./sidecar-container.ts";
import { readStatus, type Status } from "./status.ts";

/** The pod without its sidecar, and the patch that leads there; null when no status says what was done. */
export function uninject(
  pod: Pod,
): { readonly pod: Pod; readonly patch: readonly Operation[] } | null {
  const status = readStatus(pod);
  if (status === null) return null;
  const { metadata, ...rest } = pod;
  const after = {
    ...rest,
    ...unlessEmpty("metadata", withoutMarks(metadata ?? {}, status)),
    spec: withoutSidecar(pod.spec, status),
  };
  return { pod: after, patch: createPatch(pod, after) };
}

function withoutMarks(metadata: Metadata, status: Status): Metadata {
  const { labels, annotations, ...rest } = metadata;
  const marks = new Set([STATUS, INJECTED, ...(status.default ? [DEFAULT_CONTAINER] : [])]);
  return {
    ...rest,
    ...unlessEmpty("labels", wordsWithout(labels, marks)),
    ...unlessEmpty("annotations", wordsWithout(annotations, marks)),
  };
}

function withoutSidecar(given: PodSpec, status: Status): PodSpec {
  const { initContainers, volumes, imagePullSecrets, ...spec } = given;
  const others = (given.containers ?? []).filter(({ name }) => name !== SIDECAR);
  const inits = (initContainers ?? []).filter(({ name }) => name !== SIDECAR && name !== REDIRECT);
  const rest = (volumes ?? []).filter(({ name }) => !name.startsWith(VOLUME_PREFIX));
  const secrets = (imagePullSecrets ?? []).filter(({ name }) => !status.pull.includes(name ?? ""));
  const original = (container: PodSpec["containers"][number]) =>
    restored(container, status.containers[container.name] ?? {});
  return {
    ...withGrace(spec, status.grace),
    containers: others.map(original),
    ...unlessEmpty("initContainers", inits.map(original)),
    ...unlessEmpty("volumes", rest),
    ...unlessEmpty("imagePullSecrets", secrets),
  };
}

function withGrace<T extends Pick<PodSpec, "terminationGracePeriodSeconds">>(
  spec: T,
  grace: number | null,
): T | Omit<T, "terminationGracePeriodSeconds"> {
  if (grace === null) return spec;
  const { terminationGracePeriodSeconds: _, ...rest } = spec;
  return grace === 0 ? rest : { ...rest, terminationGracePeriodSeconds: grace };
}

function wordsWithout(
  words: Readonly<Record<string, string>> | null | undefined,
  names: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(words ?? {}).filter(([name]) => !names.has(name)));
}

function unlessEmpty<T extends object>(key: string, value: T): Readonly<Record<string, T>> {
  return Object.keys(value).length === 0 ? {} : { [key]: value };
}
