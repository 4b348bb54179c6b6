/** Applies those faults that change how a body travels: resets, cuts, silences, trickles. */

import { setTimeout as sleep } from "node:timers/promises";
import type { FaultEffect } from "./fault.ts";

/** Thrown where the connection is to be reset. */
export class ScriptedReset extends Error {}

type Bytes = AsyncIterable<Buffer>;

export function faultedBytes(
  body: Bytes,
  fault: FaultEffect | undefined,
  signal: AbortSignal,
): Bytes {
  switch (fault?.kind) {
    case "reset":
      return resetAfter(body, fault.afterBytes);
    case "truncate":
      return upTo(body, fault.afterBytes);
    case "stall":
      return stallAfter(body, fault, signal);
    case "trickle":
      return trickle(body, fault, signal);
    default:
      return body;
  }
}

/** Waits; without a duration, until the caller has gone. Rejects with AbortError when it goes. */
export async function stall(durationMs: number | null, signal: AbortSignal): Promise<void> {
  const farMs = 0x7fff_ffff;
  await sleep(durationMs ?? farMs, undefined, { signal });
}

async function* upTo(body: Bytes, limit: number): AsyncGenerator<Buffer> {
  let left = limit;
  for await (const chunk of body) {
    if (left <= 0) return;
    yield chunk.subarray(0, left);
    left -= chunk.length;
  }
}

async function* resetAfter(body: Bytes, limit: number): AsyncGenerator<Buffer> {
  yield* upTo(body, limit);
  throw new ScriptedReset("reset by the fault script");
}

async function* stallAfter(
  body: Bytes,
  fault: FaultEffect & { readonly kind: "stall" },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let left = fault.afterBytes;
  for await (const chunk of body) {
    const before = chunk.subarray(0, Math.max(0, left));
    const after = chunk.subarray(before.length);
    if (before.length > 0) yield before;
    if (left >= 0 && after.length > 0) {
      await stall(fault.durationMs, signal);
      left = -1;
    }
    if (left >= 0) left -= before.length;
    if (after.length > 0) yield after;
  }
}

async function* trickle(
  body: Bytes,
  fault: FaultEffect & { readonly kind: "trickle" },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    for (let start = 0; start < chunk.length; start += fault.bytes) {
      await sleep(fault.intervalMs, undefined, { signal });
      yield chunk.subarray(start, start + fault.bytes);
    }
  }
}
