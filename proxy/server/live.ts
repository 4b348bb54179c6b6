/** What the listener is given from outside: the stack that serves calls, swapped whole when a policy is reloaded. */
import type { Step } from "../core/layer.ts";
import type { Received, Snapshot } from "../core/received.ts";
import type { Reply } from "../core/reply.ts";
import type { Switched } from "../layers/upgrade.ts";

/** A policy and the stack that was built for it. */
export interface Live {
  readonly snapshot: Snapshot;
  readonly step: Step<Received>;
  readonly upgrade: UpgradeStep;
}

/** Serves a call that asks for another protocol: a tunnel, or a reply where there will be none. */
export type UpgradeStep = (received: Received) => Promise<Switched | Reply>;
