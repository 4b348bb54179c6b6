/** remember: keeps a copy of complete replies as they pass, for recall and for outages. */
import type { Ending, Usage } from "../core/decision.ts";
import { headerValue, type HeaderLines } from "../core/http.ts";
import type { Layer } from "../core/layer.ts";
import type { Judged } from "../core/received.ts";
import type { Reply } from "../core/reply.ts";
import { costOf, priceOf } from "../policy/prices.ts";
import { decodeBody } from "../wire/encoding.ts";
import { codecOf } from "../wire/table.ts";
import { placeOf, type Place, type RecallParts } from "./recall.ts";

/** Replies above this size are not kept. */
const largestBytes = 1024 * 1024;

/** The layer that stores. */
export function remember(parts: RecallParts): Layer<Judged> {
  return (inner) => async (judged) => {
    const reply = await inner(judged);
    const place = keepingPlace(judged);
    if (place === null || reply.kind !== "relay" || reply.upstream.status !== 200) return reply;
    return tapped(parts, judged, place, reply);
  };
}

function keepingPlace(judged: Judged): Place | null {
  const { policy } = judged.snapshot;
  if (judged.controls.cache === "no-store") return null;
  const own = judged.judgement.route?.cache ?? null;
  const rule = own ?? policy.cache;
  const isKept = rule.mode === "exact" || (own === null && policy.outage.staleMs > 0);
  return isKept ? placeOf(judged) : null;
}

type Relay = Extract<Reply, { kind: "relay" }>;

function tapped(parts: RecallParts, judged: Judged, place: Place, reply: Relay): Reply {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const tap = (chunk: Buffer): void => {
    reply.tap?.(chunk);
    bytes += chunk.length;
    if (bytes <= largestBytes) chunks.push(chunk);
    else chunks.length = 0;
  };
  const ended = (ending: Ending): void => {
    reply.ended(ending);
    if (ending.kind !== "complete" || bytes > largestBytes) return;
    const kept = { headers: reply.upstream.headers, body: Buffer.concat(chunks) };
    store(parts, judged, place, kept).catch((fault: unknown) => {
      parts.faults.fault("store", fault);
    });
  };
  return { ...reply, tap, ended };
}

interface Kept {
  readonly headers: HeaderLines;
  readonly body: Buffer;
}

/** Stores the decoded reply, if it is whole; what was cut short by the provider is never kept. */
async function store(parts: RecallParts, judged: Judged, place: Place, kept: Kept): Promise<void> {
  const contentType = headerValue(kept.headers, "content-type") ?? "";
  const body = await decodeBody(kept.body, kept.headers, largestBytes);
  if (body.kind !== "decoded") return;
  const reader = codecOf(place.view.protocol).createUsageReader(contentType, "", place.view);
  reader.push(body.bytes);
  const read = reader.end();
  if (read === null || !read.isComplete) return;
  await parts.store.set(place.key, {
    status: 200,
    headers: ["content-type", contentType],
    body: body.bytes,
    storedAtMs: parts.now(),
    ttlMs: place.rule.mode === "exact" ? place.rule.ttlMs : 0,
    isStream: contentType.startsWith("text/event-stream"),
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
