/** A small HTTP server that reads each call with the codecs and answers with what a test says, in pieces as small as it says. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import type { HeaderLines } from "../../../proxy/core/http.ts";
import type { RequestView } from "../../../proxy/core/request.ts";
import type { Codec } from "../../../proxy/wire/codec.ts";
import { findCodec } from "../../../proxy/wire/table.ts";

/** What goes back to the client. */
export interface Outgoing {
  readonly status?: number;
  readonly headers: HeaderLines;
  readonly body: Buffer;
}

/** A call as the codec of its path read it. */
export interface Call {
  readonly codec: Codec;
  readonly view: RequestView;
}

export interface ReplyServer {
  readonly url: string;
  /** The calls so far, in order. */
  readonly calls: readonly Call[];
  /** Sets what every call gets from now on; `pieceBytes` cuts the body. */
  answer(reply: (call: Call) => Outgoing, pieceBytes?: number): void;
  close(): Promise<void>;
}

export async function createReplyServer(): Promise<ReplyServer> {
  const calls: Call[] = [];
  let script = unscripted;
  let piece = Number.MAX_SAFE_INTEGER;
  const server = createServer((request, response) => {
    const replied = async (): Promise<void> => {
      const call = await callOf(request);
      calls.push(call);
      await send(response, script(call), piece);
    };
    replied().catch((fault: unknown) => response.destroy(new Error(String(fault))));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    calls,
    answer: (reply, pieceBytes = Number.MAX_SAFE_INTEGER) => {
      script = reply;
      piece = pieceBytes;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function unscripted(call: Call): Outgoing {
  throw new Error(`no answer for ${call.codec.protocol}`);
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function callOf(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const codec = findCodec(request.method ?? "", request.url ?? "");
  if (codec === null) throw new Error(`no codec for ${request.url}`);
  const reading = codec.read(Buffer.concat(chunks), request.rawHeaders);
  if (reading.kind === "unread") throw new Error(reading.reason);
  return { codec, view: reading.view };
}

async function send(response: ServerResponse, reply: Outgoing, piece: number): Promise<void> {
  response.writeHead(reply.status ?? 200, [...reply.headers]);
  response.flushHeaders();
  for (let at = 0; at < reply.body.length; at += piece) {
    response.write(reply.body.subarray(at, at + piece));
    await turn();
  }
  response.end();
}

/** Everything that a stream gives, in order. */
export async function collected<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
