/** Ends a reply's body on which nothing came for too long; the relay watches every reply with it. */
import type { IncomingMessage } from "node:http";
import { SidestepError } from "../core/errors.ts";

/**
 * Watches a reply's connection until the returned function is called; 0 waits for ever. Time in which
 * it is the reader who does not take the body does not count.
 */
export function watchSilence(message: IncomingMessage, idleMs: number): () => void {
  const { socket } = message;
  let isWatching = true;
  const restart = (): void => void socket.setTimeout(idleMs);
  const judge = (seenBytes: number): void => {
    if (!isWatching) return;
    const isHeldByReader = message.readableLength > 0 || message.complete;
    if (isHeldByReader || socket.bytesRead !== seenBytes) {
      restart();
      return;
    }
    message.destroy(
      new SidestepError("sidestep_upstream_timeout", "no byte within the idle limit"),
    );
  };
  // Timers run before sockets are read: what has arrived meanwhile shall count first.
  const silent = (): void => void setImmediate(judge, socket.bytesRead);
  // The connection rests while the reader does; from then on the provider has its full time again.
  socket.setTimeout(idleMs).on("timeout", silent).on("resume", restart);
  return () => {
    isWatching = false;
    socket.off("timeout", silent).off("resume", restart);
  };
}
