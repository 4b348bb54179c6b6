/** Where a call goes: the caller's own provider by the path's rules, or the target that a route or the caller names. */
import type { Provider, Target } from "../core/policy.ts";
import type { Judged, Received } from "../core/received.ts";
import { routeTarget } from "../wire/path.ts";

/** A call's way to the cloud. */
export interface Destination {
  readonly provider: Provider;
  readonly target: Target | null;
  /** The caller's path and query, without a provider prefix. */
  readonly path: string;
  /** True when a named target exists no more or speaks another protocol, so the caller's provider is taken. */
  readonly isUnsuitable: boolean;
}

/** The caller's own provider; null when the policy names none for this path. */
export function ownDestination(received: Received): Destination | null {
  const { head, snapshot } = received;
  const { providers } = snapshot.policy;
  const routed = routeTarget(head.target, head.headers, new Set(providers.keys()));
  const provider = providers.get(routed.provider);
  if (provider === undefined) return null;
  return { provider, target: null, path: routed.path, isUnsuitable: false };
}

/** The judged call's destination; null when the policy names no provider for it. */
export function destinationOf(judged: Judged): Destination | null {
  const own = ownDestination(judged);
  const name = targetName(judged);
  if (own === null || name === null) return own;
  const target = judged.snapshot.policy.targets.get(name);
  const { reading } = judged;
  const isSpoken =
    target !== undefined &&
    reading.kind === "view" &&
    reading.view.protocol === target.provider.protocol;
  if (!isSpoken) return { ...own, isUnsuitable: true };
  return { provider: target.provider, target, path: own.path, isUnsuitable: false };
}

function targetName(judged: Judged): string | null {
  if (judged.would !== null) return null;
  const action = judged.judgement.route?.action;
  return judged.controls.target ?? (action?.kind === "forward" ? action.target : null);
}

/** The name under which a destination's failures are counted. */
export function breakerName(destination: Destination): string {
  return destination.target?.name ?? destination.provider.name;
}
