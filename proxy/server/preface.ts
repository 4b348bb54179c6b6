/** Tells HTTP/2 with prior knowledge from HTTP/1.1 by a connection's first bytes; listen uses it. */
import type { Socket } from "node:net";

/** What a connection speaks. */
export type Version = "http1" | "http2";

/** Milliseconds a connection may take before its first byte, and from there to a telling prefix. */
export interface PrefaceLimits {
  readonly silentMs: number;
  readonly partialMs: number;
}

/** No HTTP/1 method begins like this: it is reserved for the preface of HTTP/2. */
const preface: Buffer = Buffer.from("PRI ");

/** What the first bytes say; null when more are needed. */
function versionOf(first: Buffer): Version | null {
  const length = Math.min(first.length, preface.length);
  if (!first.subarray(0, length).equals(preface.subarray(0, length))) return "http1";
  return length === preface.length ? "http2" : null;
}

/**
 * Reads until the version is known and hands the socket over paused, with everything that was read
 * put back. A connection that ends, breaks or stays silent for too long is destroyed.
 */
export function recognise(
  socket: Socket,
  limits: PrefaceLimits,
  found: (version: Version) => void,
): void {
  let first: Buffer = Buffer.alloc(0);
  const give = (): void => {
    socket.destroy();
  };
  const done = (): void => {
    socket.off("data", read).off("end", give).off("error", give).off("timeout", give);
    socket.setTimeout(0);
  };
  const read = (chunk: Buffer): void => {
    first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
    socket.setTimeout(limits.partialMs);
    const version = versionOf(first);
    if (version === null) return;
    done();
    socket.pause();
    socket.unshift(first);
    found(version);
  };
  socket.setTimeout(limits.silentMs);
  socket.on("data", read).on("end", give).on("error", give).on("timeout", give);
}
