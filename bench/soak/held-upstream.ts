/** An upstream that begins a stream for every call and holds all of them open until it is told to finish them. */

import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";

export interface HeldUpstream {
  /** Without a path. */
  readonly url: string;
  /** Streams that are open now. */
  readonly open: number;
  /** Ends every open stream as it should, and each later one at once. */
  readonly finish: () => void;
  readonly close: () => Promise<void>;
}

const first = 'data: {"choices":[{"index":0,"delta":{"content":"one "}}]}\n\n';
const rest = 'data: {"choices":[{"index":0,"delta":{"content":"two"}}]}\n\ndata: [DONE]\n\n';

/** What every caller must have got in the end. */
export const wholeStream: string = first + rest;

/** Starts one on a free port. */
export async function createHeldUpstream(): Promise<HeldUpstream> {
  const held = new Set<ServerResponse>();
  let isOver = false;
  const server = createServer((request, response) => {
    request.resume();
    response.on("error", () => undefined).on("close", () => held.delete(response));
    held.add(response);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(first);
    if (isOver) response.end(rest);
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 });
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    get open() {
      return held.size;
    },
    finish: () => {
      isOver = true;
      for (const response of held) response.end(rest);
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
