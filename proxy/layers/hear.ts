/** hear: gives what replies said to who asks for it: the audit log, and spans that hold content. */
import { headerValue } from "../core/http.ts";
import type { Layer } from "../core/layer.ts";
import type { Recorder } from "../core/ports.ts";
import type { Received } from "../core/received.ts";
import type { Reply, StoredReply } from "../core/reply.ts";
import { codecOf } from "../wire/table.ts";
import { collected } from "./collect.ts";

/** Takes the whole text once, or null where there is none; masking and cutting it is the taker's. */
export type Listener = (text: string | null) => void;

/** What hear asks for. */
export interface HearParts {
  /** Who wants this call's reply; null when nobody does. */
  readonly listener: (received: Received) => Listener | null;
  readonly faults: Pick<Recorder, "fault">;
}

/** A reply that is cut, too large or not readable says nothing. */
export function hear(parts: HearParts): Layer<Received> {
  return (inner) => async (received) => {
    const reply = await inner(received);
    const listener = parts.listener(received);
    return listener === null ? reply : heard(parts, received, reply, listener);
  };
}

function heard(
  { faults }: HearParts,
  { reading }: Received,
  reply: Reply,
  listener: Listener,
): Reply {
  if (reading.kind !== "view" || reply.kind === "error") {
    listener(null);
    return reply;
  }
  const codec = codecOf(reading.view.protocol);
  const lost = (): void => listener(null);
  const failed = (fault: unknown): void => {
    faults.fault("hear", fault);
    lost();
  };
  if (reply.kind === "relay")
    return collected(reply, { done: async (whole) => listener(codec.said(whole)), failed, lost });
  const ended: Reply["ended"] = (ending) => {
    reply.ended(ending);
    try {
      listener(reply.kind === "answer" ? reply.answer.text : codec.said(keptForm(reply.stored)));
    } catch (fault) {
      failed(fault);
    }
  };
  return { ...reply, ended };
}

function keptForm({ headers, body }: StoredReply): { body: Buffer; isStream: boolean } {
  const type = headerValue(headers, "content-type") ?? "";
  return { body, isStream: type.startsWith("text/event-stream") };
}
