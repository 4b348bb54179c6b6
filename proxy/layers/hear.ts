/** hear: tells the audit log what replies said, where the policy keeps that; observe is beneath, so that the call's record comes first. */
import { headerValue } from "../core/http.ts";
import type { Layer } from "../core/layer.ts";
import type { Recorder } from "../core/ports.ts";
import type { Received } from "../core/received.ts";
import type { Reply, StoredReply } from "../core/reply.ts";
import { codecOf } from "../wire/table.ts";
import { collected } from "./collect.ts";

/** What hear asks for. */
export interface HearParts {
  /** Takes the whole text; masking and cutting it is the taker's. */
  readonly replied: (received: Received, text: string) => void;
  readonly faults: Pick<Recorder, "fault">;
}

/** A reply that is cut, too large or not readable says nothing. */
export function hear(parts: HearParts): Layer<Received> {
  return (inner) => async (received) => {
    const reply = await inner(received);
    const { file, content } = received.snapshot.policy.audit;
    return file === null || content?.reply !== true ? reply : heard(parts, received, reply);
  };
}

function heard({ replied, faults }: HearParts, received: Received, reply: Reply): Reply {
  const { reading } = received;
  if (reading.kind !== "view" || reply.kind === "error") return reply;
  const codec = codecOf(reading.view.protocol);
  const failed = (fault: unknown): void => faults.fault("hear", fault);
  const tell = (text: string | null): void => {
    if (text !== null) replied(received, text);
  };
  if (reply.kind === "relay")
    return collected(reply, { done: async (whole) => tell(codec.said(whole)), failed });
  const ended: Reply["ended"] = (ending) => {
    reply.ended(ending);
    try {
      tell(reply.kind === "answer" ? reply.answer.text : codec.said(keptForm(reply.stored)));
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
