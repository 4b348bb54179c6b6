/** A caller that writes its request as raw bytes in random pieces and keeps the raw reply. */
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import {
  BodyReader,
  ByteSource,
  readHead,
  type RawBody,
  type RawLines,
} from "./scripted-upstream-reader.ts";
import { fragmentsOf } from "./scripted-upstream-script.ts";

/** A request as it goes on the wire; framing lines are the test's own. */
export interface RawRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: RawLines;
  /** Bytes after the head, framing included. */
  readonly body: Buffer;
  /** Cuts the bytes into pieces of 1 to `maxBytes`. */
  readonly fragments: { readonly seed: number; readonly maxBytes: number };
}

/** A reply as it came. */
export interface RawReply {
  /** Version, status and status text as written. */
  readonly line: string;
  readonly headers: RawLines;
  readonly body: RawBody;
}

/** Sends one request over a connection of its own. */
export async function sendRaw(port: number, request: RawRequest): Promise<RawReply> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  const head = `${request.method} ${request.target} HTTP/1.1\r\n${lines(request.headers)}\r\n`;
  const bytes = Buffer.concat([Buffer.from(head, "latin1"), request.body]);
  void write(socket, fragmentsOf(bytes, request.fragments.seed, request.fragments.maxBytes));
  try {
    return await readReply(socket);
  } finally {
    socket.destroy();
  }
}

async function write(socket: Socket, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    if (!socket.write(piece)) await once(socket, "drain").catch(() => undefined);
    else await new Promise((done) => setImmediate(done));
  }
}

async function readReply(socket: Socket): Promise<RawReply> {
  const source = new ByteSource(socket);
  const head = await readHead(source);
  if (head === null) throw new Error("the connection ended before a reply came");
  const reader = new BodyReader(source, 4_000_000, () => Promise.resolve());
  return { line: head.line, headers: head.headers, body: await reader.read(head) };
}

function lines(headers: RawLines): string {
  let text = "";
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return text;
}
