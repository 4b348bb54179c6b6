/** Compiles providers and targets, their limits and breakers filled in; compile.ts calls it. */
import type { BreakerRule, Provider, Target, Timeouts } from "../core/policy.ts";
import type { Context } from "./context.ts";
import { DEFAULT_BREAKER, DEFAULT_TIMEOUTS, KNOWN_URLS } from "./defaults.ts";
import { frozenMap, frozenUrl } from "./freeze.ts";
import type { RawBreaker, RawProvider, RawTarget, RawTimeouts } from "./schema-providers.ts";
import { CALL_PARAMS } from "./vocabulary.ts";

/** Providers by name; the vendors' own when the policy names none. */
export function providersOf(
  raw: Readonly<Record<string, RawProvider>> | undefined,
  context: Context,
): ReadonlyMap<string, Provider> {
  const named = Object.entries(raw ?? {});
  const all = named.length > 0 ? named : [...KNOWN_URLS.keys()].map((name) => [name, {}] as const);
  return frozenMap(
    all.flatMap(([name, each]) => {
      const provider = providerOf(name, each, context);
      return provider === null ? [] : [[name, provider] as const];
    }),
  );
}

/** Names of providers by the hosts of calls that are redirected here. */
export function hostsOf(
  providers: ReadonlyMap<string, Provider>,
  context: Context,
): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { name, hosts } of providers.values()) {
    for (const host of hosts) {
      const owner = owners.get(host) ?? name;
      if (owner !== name)
        context.report(["providers", name, "hosts"], `${host} is \`${owner}\`'s already`);
      owners.set(host, owner);
    }
  }
  return frozenMap(owners);
}

/** Targets by name, each with its provider under the target's own limits. */
export function targetsOf(
  raws: readonly RawTarget[],
  providers: ReadonlyMap<string, Provider>,
  context: Context,
): ReadonlyMap<string, Target> {
  context.expectUnique(
    raws.map((raw) => raw.name),
    ["targets"],
  );
  return frozenMap(
    raws.flatMap((raw, at) => {
      checkParams(raw, context, at);
      const provider = providers.get(raw.provider);
      if (provider !== undefined) return [[raw.name, targetOf(raw, provider)] as const];
      const isDefault = context.names("provider").size === 0 && KNOWN_URLS.has(raw.provider);
      if (!isDefault) context.expectNamed("provider", raw.provider, ["targets", at, "provider"]);
      return [];
    }),
  );
}

function providerOf(name: string, raw: RawProvider, context: Context): Provider | null {
  const url = urlOf(name, raw, context);
  if (url === null) return null;
  return {
    name,
    url,
    protocol: raw.protocol ?? (name === "anthropic" ? "anthropic-messages" : "openai-chat"),
    region: raw.region ?? null,
    hosts: raw.hosts ?? [],
    key: raw.key === undefined || raw.key === "" ? null : raw.key,
    timeouts: timeoutsFrom(raw.timeouts, DEFAULT_TIMEOUTS),
    breaker: breakerFrom(raw.breaker, DEFAULT_BREAKER),
    retries: raw.retries ?? 0,
    sendsBaggage: raw.baggage ?? false,
  };
}

function urlOf(name: string, raw: RawProvider, context: Context): URL | null {
  const path = ["providers", name];
  const written = raw.url ?? KNOWN_URLS.get(name);
  if (written === undefined) {
    const isCut = context.keys(path).includes("url");
    if (!isCut) context.report(path, `the provider \`${name}\` needs a \`url\``);
    return null;
  }
  const fault = urlFault(written);
  if (fault === null) return frozenUrl(written);
  context.report([...path, "url"], fault);
  return null;
}

/** Never repeats the URL: it could hold a password. */
function urlFault(written: string): string | null {
  if (!URL.canParse(written)) return "this is not a URL";
  const url = new URL(written);
  if (url.username !== "" || url.password !== "") {
    return "a URL with a user name or password is not taken; use `key`";
  }
  return url.search === "" && url.hash === "" ? null : "a base URL has no `?` and no `#`";
}

function targetOf(raw: RawTarget, provider: Provider): Target {
  return {
    name: raw.name,
    provider: {
      ...provider,
      region: raw.region ?? provider.region,
      timeouts: timeoutsFrom(raw.timeouts, provider.timeouts),
      breaker: breakerFrom(raw.breaker, provider.breaker),
    },
    model: raw.model ?? null,
    params: frozenMap(Object.entries(raw.params ?? {})),
    price: raw.price ?? null,
  };
}

function checkParams(raw: RawTarget, context: Context, at: number): void {
  for (const param of Object.keys(raw.params ?? {})) {
    if (!CALL_PARAMS.has(param)) continue;
    context.reportKey(
      ["targets", at, "params", param],
      `\`${param}\` makes up the call and cannot be put in by a target`,
    );
  }
}

function timeoutsFrom(raw: RawTimeouts | undefined, fallback: Timeouts): Timeouts {
  return {
    connectMs: raw?.connect ?? fallback.connectMs,
    firstByteMs: raw?.first_byte ?? fallback.firstByteMs,
    idleMs: raw?.idle ?? fallback.idleMs,
  };
}

function breakerFrom(raw: RawBreaker | undefined, fallback: BreakerRule): BreakerRule {
  return {
    errorThreshold: raw?.error_threshold ?? fallback.errorThreshold,
    windowMs: raw?.window ?? fallback.windowMs,
    minRequests: raw?.min_requests ?? fallback.minRequests,
    cooldownMs: raw?.cooldown ?? fallback.cooldownMs,
  };
}
