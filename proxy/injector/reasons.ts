/** Why a pod got no sidecar, and what was done to each container or not: closed tables, which docs/kubernetes.md repeats. */

/** Why a whole pod is left as it is. */
export const skipReasons = {
  annotation_invalid: "A `sidestep.dev/` annotation or label is unknown or has no valid value.",
  host_network: "The pod is on its node's network, where the sidecar's ports would be the node's.",
  job_needs_native_sidecar:
    "The pod is to run to its end, and this cluster has no native sidecars, so that it never would.",
  name_taken: "A container or volume of the pod has a name that the injector would give.",
  not_opted_in: "Neither the pod nor its namespace asks for a sidecar.",
  opted_out: "The pod says `sidestep.dev/inject: disabled`.",
  pod_unreadable: "A field of the pod is not what Kubernetes has there.",
  ports_taken: "The ports that the sidecar would listen on are the application's.",
  virtual_node: "The pod is for a virtual node, which may run no second container beside it.",
  windows: "The pod is for Windows; the image is for Linux.",
} as const;

/** What was done to a container. */
export const doneReasons = {
  key_moved: "The sidecar has the provider's key, and the application a placeholder.",
  no_proxy_extended: "`NO_PROXY` gained the loopback addresses, so that calls reach the sidecar.",
  proxy_taken: "The sidecar calls providers through the application's HTTP proxy.",
  upstream_kept:
    "The provider that the application had named is where the sidecar sends its calls.",
  variable_set: "The variable leads to the sidecar.",
} as const;

/** What was left alone in a container. */
export const leftReasons = {
  already_local: "The variable already leads to an address of the pod itself.",
  azure_client:
    "The container is set up for Azure, whose client takes `OPENAI_BASE_URL` before its own endpoint.",
  before_sidecar: "Init containers run before an ordinary sidecar and cannot reach it.",
  env_from_unseen:
    "`envFrom` may hold base URLs that cannot be seen here; `sidestep.dev/env-from: ignore` says that it does not.",
  key_differs:
    "One key would have to serve different containers or providers, so each keeps its own.",
  key_not_movable: "The key comes from a place that the sidecar cannot read.",
  not_chosen: "`sidestep.dev/containers` does not name this container.",
  other_sidecar: "The container is a known sidecar of another system.",
  provider_unknown: "The variable names a host that is no known provider.",
  proxy_differs: "Another container has another HTTP proxy, and the sidecar has only one.",
  proxy_unusable:
    "The container has a proxy that the sidecar cannot have, so it keeps its own way.",
  upstream_path: "The variable's path is not the one that this provider has.",
  value_from: "The variable's value comes from `valueFrom` and is not known here.",
  value_refers: "The variable's value refers to others and is not known here.",
} as const;

/** A row of the first table. */
export type SkipReason = keyof typeof skipReasons;

/** A row of the others. */
export type NoteReason = keyof typeof doneReasons | keyof typeof leftReasons;

/** What was done to one container, or why not. */
export interface Note {
  readonly container: string;
  readonly reason: NoteReason;
  /** A variable's name, or whatever else the reason is about. Never a value that could be a secret. */
  readonly about: string | null;
}

/** Whether a note tells of something that was left alone. */
export function isLeft(note: Note): boolean {
  return Object.hasOwn(leftReasons, note.reason);
}

/** The sentence of a note or a skip. */
export function sentenceOf(reason: SkipReason | NoteReason): string {
  const sentences: Readonly<Record<SkipReason | NoteReason, string>> = {
    ...skipReasons,
    ...doneReasons,
    ...leftReasons,
  };
  return sentences[reason];
}
