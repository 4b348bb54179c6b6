/** Leads every container of a pod to the sidecar that should be led there, and tells why the others are not. */
import type { Wishes } from "./annotations.ts";
import { leadToSidecar, type LeadOptions } from "./base-urls.ts";
import { draftOf, tell, type ContainerDraft } from "./container-draft.ts";
import type { Seen } from "./environment.ts";
import { moveKeys } from "./keys.ts";
import type { Container, Variable } from "./pod.ts";
import type { Ports } from "./ports.ts";
import { exemptLoopback, proxyOf } from "./proxies.ts";
import type { Note } from "./reasons.ts";
import type { Settings } from "./settings.ts";
import type { Before } from "./status.ts";
import { Upstreams } from "./upstreams.ts";

/** What leading needs to know of the pod and its surroundings. */
export interface Surroundings {
  readonly wishes: Wishes;
  readonly settings: Settings;
  readonly ports: Ports;
  readonly seen: Seen;
}

/** A container, and whether the sidecar runs before it. */
export interface Candidate {
  readonly container: Container;
  readonly isReached: boolean;
}

/** What became of the containers. */
export interface Led {
  readonly containers: readonly Container[];
  /** Container -> what its variables were. */
  readonly before: Readonly<Record<string, Before>>;
  readonly notes: readonly Note[];
  /** What the sidecar is given: providers, their keys, the HTTP proxy. */
  readonly variables: readonly Variable[];
}

/** Sidecars of other systems by their containers' names; the first group has to run before ours. */
const meshNames: ReadonlySet<string> = new Set(
  (
    "istio-init istio-validation istio-proxy linkerd-init linkerd-network-validator linkerd-proxy " +
    "kuma-init kuma-sidecar consul-connect-inject-init consul-dataplane"
  ).split(" "),
);
const otherNames: ReadonlySet<string> = new Set(
  "daprd vault-agent-init vault-agent otc-container linkerd-debug".split(" "),
);

/** Whether a container is the network of a service mesh, through which the sidecar's own calls go. */
export function isMesh({ name }: Container): boolean {
  return meshNames.has(name);
}

/** Leads the containers, in their order. */
export function leadContainers(candidates: readonly Candidate[], surroundings: Surroundings): Led {
  const { wishes, settings, ports } = surroundings;
  const upstreams = new Upstreams();
  const options: LeadOptions = {
    providers: wishes.providers,
    knownHosts: settings.knownHosts,
    ports,
    upstreams,
  };
  const drafts = candidates.map(({ container }) => draftOf(container, surroundings.seen));
  const proxy = new SharedProxy();
  for (const [at, draft] of drafts.entries()) {
    const isReached = candidates[at]?.isReached ?? false;
    if (isLeftAlone(draft, isReached, wishes) || !proxy.takes(draft)) continue;
    leadToSidecar(draft, options);
    if (draft.upstreams.size > 0) proxy.settle(draft);
  }
  for (const host of wishes.redirect) upstreams.redirect(host);
  if (wishes.isKeyMoved) moveKeys(drafts, wishes.keys, upstreams);
  return {
    containers: drafts.map(({ env }) => env.result()),
    before: beforeOf(drafts),
    notes: drafts.flatMap(({ notes }) => notes),
    variables: [...upstreams.variables(), ...proxy.variables(settings)],
  };
}

function isLeftAlone(draft: ContainerDraft, isReached: boolean, wishes: Wishes): boolean {
  const { name } = draft.env.container;
  const isChosen = wishes.containers?.has(name);
  if (isChosen === false) tell(draft, "not_chosen", null);
  else if (isChosen === undefined && (meshNames.has(name) || otherNames.has(name))) {
    tell(draft, "other_sidecar", null);
  } else if (!isReached) tell(draft, "before_sidecar", null);
  else if (draft.env.hasUnseen && wishes.envFrom === "check") tell(draft, "env_from_unseen", null);
  return draft.notes.length > 0;
}

function beforeOf(drafts: readonly ContainerDraft[]): Readonly<Record<string, Before>> {
  const changed = drafts.filter(({ env }) => Object.keys(env.before).length > 0);
  return Object.fromEntries(changed.map(({ env }) => [env.container.name, env.before]));
}

/** The sidecar has one HTTP proxy: that of the first container that has one. */
class SharedProxy {
  #taken: readonly Variable[] | null = null;

  /** Whether the container's own proxy is no reason against leading it to the sidecar. */
  takes(draft: ContainerDraft): boolean {
    const own = proxyOf(draft);
    if (own.kind === "unusable") tell(draft, "proxy_unusable", own.about);
    if (own.kind !== "variables") return own.kind === "none";
    if (this.#taken === null || same(this.#taken, own.variables)) return true;
    tell(draft, "proxy_differs", null);
    return false;
  }

  /** Takes the proxy of a container that was led, and keeps its calls to the sidecar off it. */
  settle(draft: ContainerDraft): void {
    const own = proxyOf(draft);
    if (own.kind === "variables") {
      this.#taken ??= own.variables;
      tell(draft, "proxy_taken", null);
    }
    exemptLoopback(draft);
  }

  variables({ httpsProxy, noProxy }: Settings): readonly Variable[] {
    if (this.#taken !== null) return this.#taken;
    const own = [
      { name: "HTTPS_PROXY", value: httpsProxy },
      { name: "NO_PROXY", value: noProxy },
    ];
    return httpsProxy === null
      ? []
      : own.flatMap(({ name, value }) => (value === null ? [] : [{ name, value }]));
  }
}

function same(one: readonly Variable[], other: readonly Variable[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
