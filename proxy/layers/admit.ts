/** admit: where the policy names callers, refuses a call that carries no key of one; nothing of it is judged or forwarded. */
import { SidestepError } from "../core/errors.ts";
import type { Layer } from "../core/layer.ts";
import type { Received } from "../core/received.ts";
import type { Reply } from "../core/reply.ts";
import { plain, unobserved, verdictOf } from "./judged.ts";

/** The layer that lets in. */
export function admit(): Layer<Received> {
  return (inner) => (received) => {
    const refused = refusalOf(received);
    return refused === null ? inner(received) : Promise.resolve(refused);
  };
}

/** The refusal of a call; null for one that may go on. */
export function refusalOf(received: Received): Reply | null {
  if (received.caller.kind !== "unknown") return null;
  return {
    kind: "error",
    error: new SidestepError("sidestep_caller_unknown"),
    retryAfterSeconds: null,
    verdict: verdictOf(plain(received, "caller_unknown"), "refused", "caller_unknown"),
    ended: unobserved,
  };
}
