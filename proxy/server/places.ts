/** The policy's providers and targets as `/targets` shows them: limits and prices, never a credential. */
import type { Policy, Provider, Target } from "../core/policy.ts";

/** A provider or a target. */
export interface Place {
  readonly kind: "provider" | "target";
  /** The name that its breaker has, too. */
  readonly name: string;
  readonly provider: string;
  /** Without user, password and query. */
  readonly url: string;
  readonly protocol: string;
  /** What a target puts into the body; null leaves the caller's. */
  readonly model: string | null;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  /** Whether the policy's own credential replaces the caller's. */
  readonly hasKey: boolean;
  readonly timeouts: Provider["timeouts"];
  readonly breaker: Provider["breaker"];
  readonly retries: number;
  readonly price: Target["price"];
}

/** Providers first, in the policy's order. */
export function placesOf(policy: Policy): readonly Place[] {
  const providers = [...policy.providers.values()].map((one) => placeOf(one.name, one, null));
  const targets = [...policy.targets.values()].map((one) => placeOf(one.name, one.provider, one));
  return [...providers, ...targets];
}

function placeOf(name: string, provider: Provider, target: Target | null): Place {
  const { protocol, timeouts, breaker, retries } = provider;
  return {
    kind: target === null ? "provider" : "target",
    name,
    provider: provider.name,
    url: `${provider.url.origin}${provider.url.pathname}`,
    protocol,
    model: target?.model ?? null,
    params: Object.fromEntries(target?.params ?? []),
    hasKey: provider.key !== null,
    timeouts,
    breaker,
    retries,
    price: target?.price ?? null,
  };
}
