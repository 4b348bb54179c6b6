/** Lets what a provider said before it broke a connection be read to its end; dial does it to every socket. */
import type { Socket } from "node:net";

type Done = (error?: Error | null) => void;

/**
 * A provider may answer early and close, e.g. 413 to a long upload. The write that fails for it would
 * destroy the socket with the answer unread, so it is only told when reading has come to its end.
 */
export function hearOut(socket: Socket): void {
  const write = socket._write.bind(socket);
  const writeAll = socket._writev?.bind(socket);
  const patient =
    (done: Done): Done =>
    (error) => {
      if (isBroken(error) && !socket.readableEnded) socket.once("end", () => done(error));
      else done(error);
    };
  socket._write = (chunk, encoding, done) => write(chunk, encoding, patient(done));
  if (writeAll !== undefined) socket._writev = (chunks, done) => writeAll(chunks, patient(done));
}

function isBroken(error: Error | null | undefined): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "EPIPE" || error.code === "ECONNRESET";
}
