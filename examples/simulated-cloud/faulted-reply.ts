/** Applies those faults that change what is said: error statuses, error events, garbage. */

import { errorEvent, errorReply } from "./error-reply.ts";
import type { Protocol } from "./error-reply.ts";
import type { FaultEffect } from "./fault.ts";
import { identifier } from "./random.ts";
import type { CallContext, Frame, HeaderList, Reply } from "./reply.ts";

const MESSAGES: Readonly<Record<number, string>> = {
  429: "Rate limit reached for requests. Please try again later.",
  500: "The server had an error while processing your request. Sorry about that!",
  503: "The engine is currently overloaded, please try again later.",
  529: "Overloaded",
};

export interface FaultScene {
  readonly protocol: Protocol;
  readonly context: CallContext;
}

export function faultedReply(reply: Reply, fault: FaultEffect, scene: FaultScene): Reply {
  switch (fault.kind) {
    case "status":
      return statusReply(fault, scene);
    case "error_event":
      return brokenOff(reply, fault.afterEvents, scene);
    case "garbage":
      return { ...reply, frames: [{ text: garbage(reply, scene.context), tokens: 1 }] };
    default:
      return reply;
  }
}

function statusReply(fault: FaultEffect & { readonly kind: "status" }, scene: FaultScene): Reply {
  const { status } = fault;
  const retryAfter: HeaderList =
    fault.retryAfter === null ? [] : [["retry-after", fault.retryAfter]];
  const problem = {
    status,
    message: MESSAGES[status] ?? `Simulated status ${status}.`,
    headers: [...retryAfter, ...fault.headers],
  };
  const reply = errorReply(scene.protocol, problem, scene.context);
  return fault.body === null ? reply : { ...reply, frames: [{ text: fault.body, tokens: 0 }] };
}

function brokenOff(reply: Reply, afterEvents: number, scene: FaultScene): Reply {
  if (!reply.stream) {
    const status = scene.protocol === "openai" ? 500 : 529;
    return errorReply(
      scene.protocol,
      { status, message: MESSAGES[status] ?? "Overloaded" },
      scene.context,
    );
  }
  const error: Frame = { text: errorEvent(scene.protocol, scene.context), tokens: 0 };
  return { ...reply, frames: [...reply.frames.slice(0, afterEvents), error] };
}

function garbage(reply: Reply, context: CallContext): string {
  const noise = identifier(60, "garbage", context.seed, context.number);
  return reply.stream ? `data: {"id":"${noise}\n\ndata: <${noise}>\n\n` : `{"id":"${noise}","choi`;
}
