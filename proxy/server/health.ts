/** The health listener: probes and metrics on an address of the pod, and nothing else; off unless asked for. */
import type { Recorder } from "../core/ports.ts";
import type { ListenAddress } from "./address.ts";
import { probeRoutes, type ProbeParts } from "./probes.ts";
import { createSmallServer, type SmallServer } from "./small-server.ts";

/** What the health listener needs. */
export interface HealthServerOptions extends ProbeParts {
  readonly address: ListenAddress;
  readonly faults: Pick<Recorder, "fault">;
}

/** Binds and serves; rejects with the system's error when the address cannot be bound. */
export function createHealthServer(options: HealthServerOptions): Promise<SmallServer> {
  const { address, faults } = options;
  return createSmallServer({ address, faults, routes: probeRoutes(options), guard: () => null });
}
