/** Stops the data listener without cutting a call: main runs it on SIGTERM. */
import type { DataServer } from "./listen.ts";

/** Milliseconds in which calls are told that they were given up. */
const tellingMs = 250;

/** How long to wait, and for what. */
export interface DrainOptions {
  /** Milliseconds in all, after which what is left is cut. */
  readonly graceMs: number;
  /** Milliseconds without a call after which nothing more is expected. */
  readonly quietMs: number;
  /** A sidecar still serves new calls, since its application may outlive the signal; a gateway refuses them at once. */
  readonly acceptsNew: boolean;
  /** Ends the wait at once, e.g. on a second signal. */
  readonly now?: AbortSignal;
}

/** What the drain came to. */
export interface DrainReport {
  /** Calls and tunnels that were cut. */
  readonly cut: number;
}

/** Waits, then closes the server. Turning readiness off comes before it and is the caller's part. */
export async function drain(server: DataServer, options: DrainOptions): Promise<DrainReport> {
  const halt = new AbortController();
  const stop = (): void => halt.abort();
  const grace = setTimeout(stop, options.graceMs);
  options.now?.addEventListener("abort", stop, { once: true });
  if (options.now?.aborted === true) stop();
  if (!options.acceptsNew) server.refuseNew();
  await idleFor(server, options.acceptsNew ? options.quietMs : 0, halt.signal);
  server.refuseNew();
  // A call may have come in the very last moment.
  await idleFor(server, 0, halt.signal);
  if (halt.signal.aborted && options.now?.aborted !== true) {
    // Who waits for a provider still is told so; who reads a reply is cut.
    server.giveUp();
    await idleFor(server, 0, AbortSignal.timeout(tellingMs));
  }
  clearTimeout(grace);
  options.now?.removeEventListener("abort", stop);
  const cut = open(server);
  await server.close();
  return { cut };
}

function open(server: DataServer): number {
  const { calls, tunnels } = server.counts();
  return calls + tunnels;
}

/** Resolves when no call has been open for `quietMs`, or when `halt` fires. */
function idleFor(server: DataServer, quietMs: number, halt: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const done = (): void => {
      clearTimeout(timer);
      unwatch();
      halt.removeEventListener("abort", done);
      resolve();
    };
    const look = (): void => {
      clearTimeout(timer);
      if (open(server) === 0) timer = setTimeout(done, quietMs);
    };
    const unwatch = server.watch(look);
    halt.addEventListener("abort", done);
    look();
    if (halt.aborted) done();
  });
}
