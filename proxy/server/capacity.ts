/** How many callers are served at one time and what is held for them: what the policy states, else what the room allows. */
import type { Policy } from "../core/policy.ts";
import type { Room } from "./room.ts";

/** Bounds over all calls. */
export interface Capacity {
  /** Connections of callers. */
  readonly connections: number;
  /** Calls that are read along. */
  readonly calls: number;
  /** Bytes of their bodies. */
  readonly bodyBytes: number;
  /** Bytes of one request's head. */
  readonly headBytes: number;
}

/** What a connection with its call takes of the memory, generously. */
const connectionBytes = 128 * 1024;

/** Open files that are not callers' or their calls': the runtime's own, the log, admin, kept connections to providers. */
const ownFiles = 128;

const mostConnections = 20_000;
const leastConnections = 16;

/** A body takes about five times its bytes while it is read, so that all of them may take a sixth of the memory: the model has most of it. */
const bodyShare = 32;
const mostBodyBytes = 64 * 1024 ** 2;

/** The policy's bounds. Each caller's connection needs one to a provider beside it, so open files always count. */
export function capacityOf(stated: Policy["capacity"], room: Room): Capacity {
  const byMemory = Math.min(mostConnections, Math.floor(room.memoryBytes / connectionBytes));
  const byFiles = Math.floor((room.openFiles - ownFiles) / 2);
  const connections = Math.min(stated.connections ?? byMemory, byFiles);
  return {
    connections: Math.max(leastConnections, connections),
    calls: stated.calls,
    bodyBytes:
      stated.bodyBytes ?? Math.min(mostBodyBytes, Math.floor(room.memoryBytes / bodyShare)),
    headBytes: stated.headBytes,
  };
}
