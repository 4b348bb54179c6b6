/** Where a call goes: the caller's own provider by the path's rules, or the target that a route or the caller names. */
import type { Provider, Target } from "../core/policy.ts";
import type { Judged, Received } from "../core/received.ts";
import type { Json } from "../core/request.ts";
import { isCoded } from "../wire/encoding.ts";
import { joinPath } from "../wire/path.ts";

/** A call's way to the cloud. */
export interface Destination {
  readonly provider: Provider;
  readonly target: Target | null;
  /** The caller's path and query, without a provider prefix. */
  readonly path: string;
  /** True where the path is the provider's own already. */
  readonly isWhole: boolean;
  /** True when a named target could not take the call, so the caller's provider is taken. */
  readonly isUnsuitable: boolean;
}

/** The caller's own provider; null when the policy names none for this path. */
export function ownDestination(received: Received): Destination | null {
  const { provider: name, path, isRedirected: isWhole = false } = received.routed;
  const provider = received.snapshot.policy.providers.get(name);
  if (provider === undefined) return null;
  return { provider, target: null, path, isWhole, isUnsuitable: false };
}

/** The judged call's destination; null when the policy names no provider for it. */
export function destinationOf(judged: Judged): Destination | null {
  const name = targetName(judged);
  const target = name === null ? null : suitableTarget(judged, name);
  if (target !== null) {
    const { path } = judged.routed;
    return { provider: target.provider, target, path, isWhole: false, isUnsuitable: false };
  }
  const own = ownDestination(judged);
  return own === null ? null : { ...own, isUnsuitable: name !== null };
}

/** The target of that name if it speaks the call's protocol and can have the body it wants. */
function suitableTarget(judged: Judged, name: string): Target | null {
  const { reading, head, snapshot } = judged;
  const target = snapshot.policy.targets.get(name);
  if (target === undefined || reading.kind === "unread") return null;
  if (reading.view.protocol !== target.provider.protocol) return null;
  return isCoded(head.headers) && editsOf(target).size > 0 ? null : target;
}

/** What a target changes in the caller's body, by top-level key. */
export function editsOf(target: Target | null): ReadonlyMap<string, Json> {
  const edits = new Map<string, Json>(target?.params ?? []);
  if (target !== null && target.model !== null) edits.set("model", target.model);
  return edits;
}

function targetName(judged: Judged): string | null {
  if (judged.would !== null) return null;
  const action = judged.judgement.route?.action;
  return judged.controls.target ?? (action?.kind === "forward" ? action.target : null);
}

/** The path under the provider's URL. */
export function upstreamPath({ provider, path, isWhole }: Destination): string {
  return isWhole ? path : joinPath(provider.url, path);
}

/** The name under which a destination's failures are counted. */
export function breakerName(destination: Destination): string {
  return destination.target?.name ?? destination.provider.name;
}
