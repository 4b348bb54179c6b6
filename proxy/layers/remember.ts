/** remember: keeps a copy of complete replies as they pass, for recall and for outages. */
import type { Usage } from "../core/decision.ts";
import type { Layer, Step } from "../core/layer.ts";
import type { Judged } from "../core/received.ts";
import { costOf, priceOf } from "../policy/prices.ts";
import type { Reply } from "../core/reply.ts";
import { codecOf } from "../wire/table.ts";
import { collected, type Collected, type UnderWay } from "./collect.ts";
import { placeOf, type Place, type RecallParts } from "./recall.ts";

/** The layer that stores. */
export function remember(parts: RecallParts): Layer<Judged> {
  const underWay: UnderWay = { bytes: 0 };
  return (inner) => (judged) =>
    isKept(judged) ? remembered({ ...parts, underWay }, inner, judged) : inner(judged);
}

/** What all replies hold together that have not ended: never more than the store itself may hold. */
interface Holding extends RecallParts {
  readonly underWay: UnderWay;
}

async function remembered(parts: Holding, inner: Step<Judged>, judged: Judged): Promise<Reply> {
  const reply = await inner(judged);
  const place = placeOf(judged);
  if (place === null || reply.kind !== "relay" || reply.upstream.status !== 200) return reply;
  const { maxBytes } = judged.snapshot.policy.store;
  return collected(reply, {
    done: (whole) => store(parts, judged, place, whole),
    failed: (fault) => parts.faults.fault("store", fault),
    within: { underWay: parts.underWay, maxBytes },
  });
}

function isKept(judged: Judged): boolean {
  const { policy } = judged.snapshot;
  if (judged.controls.cache === "no-store") return false;
  const own = judged.judgement.route?.cache ?? null;
  const rule = own ?? policy.cache;
  return rule.mode === "exact" || (own === null && policy.outage.staleMs > 0);
}

/** Stores the decoded reply, if it is whole; what was cut short by the provider is never kept. */
async function store(
  parts: RecallParts,
  judged: Judged,
  place: Place,
  { contentType, body, isStream }: Collected,
): Promise<void> {
  const reader = codecOf(place.view.protocol).createUsageReader(contentType, "", place.view);
  reader.push(body);
  const read = reader.end();
  if (read === null || !read.isComplete) return;
  const origin = judged.span?.origin ?? null;
  await parts.store.set(place.key, {
    ...(origin === null ? {} : { origin }),
    status: 200,
    headers: ["content-type", contentType],
    body,
    storedAtMs: parts.now(),
    ttlMs: place.rule.mode === "exact" ? place.rule.ttlMs : 0,
    isStream,
    includesUsage: place.view.includeUsage,
    costUsd: costAt(judged, place, read.usage),
    usage: read.usage,
    model: read.model ?? place.view.model,
  });
}

function costAt(judged: Judged, place: Place, usage: Usage | null): number | null {
  const { target } = place.destination;
  const model = target?.model ?? place.view.model;
  const price = target?.price ?? priceOf(judged.snapshot.policy.prices, model);
  return price === null || usage === null ? null : costOf(price, usage);
}
