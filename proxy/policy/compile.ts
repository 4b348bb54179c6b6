/** Compiles a policy that is right in form into the frozen one that layers read; load.ts calls it. */
import type { ComplexitySignal, Condition, Faq, Policy, Price } from "../core/policy.ts";
import { auditFrom } from "./audit.ts";
import { callersFrom } from "./callers.ts";
import { namedConditionOf } from "./conditions.ts";
import type { Context } from "./context.ts";
import {
  DEFAULT_CACHE,
  DEFAULT_CAPACITY,
  DEFAULT_LIMITS,
  DEFAULT_MODEL,
  DEFAULT_STORE,
  DEFAULT_WEIGHTS,
} from "./defaults.ts";
import { frozen, frozenMap } from "./freeze.ts";
import { comparable, intentsFrom } from "./intents.ts";
import { hostsOf, providersOf, targetsOf } from "./providers.ts";
import { cacheRuleFrom, routesOf } from "./routes.ts";
import type { RawPolicy } from "./schema.ts";
import type { RawVerify } from "./schema-routes.ts";
import { revisionOf } from "./sources.ts";
import { find } from "./tree.ts";
import { COMPLEXITY_SIGNALS } from "./vocabulary.ts";

/** What comes from elsewhere than the policy's own text. */
export interface Surroundings {
  readonly hash: string;
  readonly files: readonly string[];
  readonly faqs: ReadonlyMap<string, Faq>;
  /** The bundled table. */
  readonly prices: ReadonlyMap<string, Price>;
  /** Whether a policy without callers is a mistake. */
  readonly needsCallers: boolean;
}

/** The compiled policy, to be used only if `context` holds no problem afterwards. */
export function compile(raw: RawPolicy, context: Context, around: Surroundings): Policy {
  const providers = providersOf(raw.providers, context);
  const cache = cacheRuleFrom(raw.cache ?? {}, DEFAULT_CACHE);
  return frozen({
    revision: revisionOf(around.hash),
    hash: around.hash,
    files: [...around.files],
    mode: raw.mode ?? "enforce",
    model: raw.model === undefined ? DEFAULT_MODEL : raw.model,
    providers,
    hosts: hostsOf(providers, context),
    callers: callersFrom(raw.callers, context, around.needsCallers),
    deny: denyOf(raw, context),
    intents: intentsFrom(raw.intents ?? {}, context, ["intents"]),
    targets: targetsOf(raw.targets ?? [], providers, context),
    weights: weightsOf(raw),
    keywords: keywordsOf(raw),
    routes: routesOf(raw.routes ?? [], context, { cache, verify: verifyOf(raw, context) }),
    faqs: frozenMap(around.faqs),
    cache,
    store: storeOf(raw),
    outage: outageOf(raw),
    limits: limitsOf(raw),
    audit: auditFrom(raw.audit, context),
    capacity: capacityOf(raw),
    prices: frozenMap([...around.prices, ...Object.entries(raw.prices ?? {})]),
  });
}

function storeOf(raw: RawPolicy): Policy["store"] {
  return {
    maxEntries: raw.cache?.max_entries ?? DEFAULT_STORE.maxEntries,
    maxBytes: raw.cache?.max_bytes ?? DEFAULT_STORE.maxBytes,
  };
}

function outageOf(raw: RawPolicy): Policy["outage"] {
  return { staleMs: raw.outage?.stale ?? 0, answer: raw.outage?.answer ?? false };
}

function limitsOf(raw: RawPolicy): Policy["limits"] {
  return {
    inspectBytes: raw.limits?.inspect ?? DEFAULT_LIMITS.inspectBytes,
    decisionMs: raw.limits?.decision ?? DEFAULT_LIMITS.decisionMs,
    queue: raw.limits?.queue ?? DEFAULT_LIMITS.queue,
  };
}

/** `edge_preference` is the other way to write a sample. */
function verifyOf(raw: RawPolicy, context: Context): RawVerify {
  if (raw.edge_preference === undefined) return raw.verify ?? {};
  if (raw.verify?.sample !== undefined) {
    context.report(["edge_preference"], "`verify` says the sample already; write one of the two");
  }
  // The difference of two decimals is off by a last digit: 1 - 0.95 is 0.05.
  const sample = Number((1 - raw.edge_preference).toFixed(9));
  return { ...raw.verify, sample };
}

function capacityOf(raw: RawPolicy): Policy["capacity"] {
  return {
    connections: raw.limits?.connections ?? DEFAULT_CAPACITY.connections,
    calls: raw.limits?.calls ?? DEFAULT_CAPACITY.calls,
    bodyBytes: raw.limits?.bodies ?? DEFAULT_CAPACITY.bodyBytes,
    headBytes: raw.limits?.headers ?? DEFAULT_CAPACITY.headBytes,
  };
}

function denyOf(raw: RawPolicy, context: Context): readonly Condition[] {
  const isOne = find(context.tree, ["deny"])?.kind === "map";
  return (raw.deny ?? []).map((each, at) =>
    namedConditionOf(each, { context, path: isOne ? ["deny"] : ["deny", at], scope: "task" }),
  );
}

function weightsOf(raw: RawPolicy): ReadonlyMap<ComplexitySignal, number> {
  const weights = raw.complexity?.weights ?? DEFAULT_WEIGHTS;
  return frozenMap(COMPLEXITY_SIGNALS.map((signal) => [signal, weights[signal] ?? 0]));
}

function keywordsOf(raw: RawPolicy): ReadonlyMap<string, readonly string[]> {
  const groups = Object.entries(raw.complexity?.keywords ?? {});
  return frozenMap(groups.map(([name, words]) => [name, words.map(comparable)]));
}
