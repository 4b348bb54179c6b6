/** One container that is being led to the sidecar: its environment, the providers it will call, and what to tell. */
import { EnvironmentDraft, type Seen } from "./environment.ts";
import type { Container } from "./pod.ts";
import type { Note, NoteReason } from "./reasons.ts";
import type { ProviderName } from "./settings.ts";

/** A container's changes so far. */
export interface ContainerDraft {
  readonly env: EnvironmentDraft;
  readonly notes: Note[];
  /** The sidecar's names for the providers that calls go to; more than one where variables differ. */
  readonly upstreams: Map<ProviderName, Set<string>>;
}

/** A draft of nothing changed. */
export function draftOf(container: Container, seen: Seen): ContainerDraft {
  return { env: new EnvironmentDraft(container, seen), notes: [], upstreams: new Map() };
}

/** Tells something about a container. */
export function tell(draft: ContainerDraft, reason: NoteReason, about: string | null): void {
  draft.notes.push({ container: draft.env.container.name, reason, about });
}
