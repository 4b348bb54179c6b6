/** decide: widens a received call by its judgement; a fault of its own becomes a plain forward. */
import type { Layer } from "../core/layer.ts";
import type { Recorder } from "../core/ports.ts";
import type { Decided } from "../core/tracing.ts";
import type { Judged, Received } from "../core/received.ts";
import { fresh, type Deliberate } from "./deliberation.ts";
import { plain } from "./judged.ts";

/** What decide asks for. */
export interface DecideParts {
  readonly deliberate: Deliberate;
  readonly faults: Pick<Recorder, "fault">;
}

/** The layer that judges. */
export function decide(parts: DecideParts): Layer<Received, Judged> {
  return (inner) => async (received) => inner(await decideCall(parts, received));
}

/** One call, decided; never throws. */
export async function decideCall(parts: DecideParts, received: Received): Promise<Judged> {
  const { reading } = received;
  if (received.controls.mode === "bypass") return plain(received, "bypass_requested");
  if (reading.kind === "unread") return plain(received, reading.reason);
  const ended = received.span?.decide();
  let decided: Decided | undefined;
  try {
    const { judgement, signals } = await parts.deliberate(received, reading.view, fresh);
    decided = { judgement, signals };
    return { ...received, judgement, signals, reason: judgement.reason, would: null };
  } catch (fault) {
    parts.faults.fault("decide", fault);
    return plain(received, "fault_contained");
  } finally {
    ended?.(decided);
  }
}
