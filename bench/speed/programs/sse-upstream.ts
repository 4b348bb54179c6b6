/** A provider that streams: each POST gets server-sent events at an even pace, each with the time at which it was sent; `PUT /pace` sets the pace of later ones. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import * as v from "valibot";
import { machineMs } from "../clock.ts";
import { chatChunk, providerHeaders } from "../traffic.ts";
import { serveOn } from "../program.ts";

const paceSchema = v.object({ everyMs: v.number(), chunks: v.number() });

const [before = "", after = ""] = chatChunk("@").split("@");
let pace = { everyMs: 50, chunks: 20 };
let streams = 0;

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  if (request.method === "PUT") {
    void setPace(request, response);
    return;
  }
  request.resume();
  request.once("end", () => stream(response));
});

async function setPace(request: IncomingMessage, response: ServerResponse): Promise<void> {
  pace = v.parse(paceSchema, JSON.parse((await request.toArray()).join("")));
  response.end();
}

/** Half of the pace's chunks to one and a half times as many: streams that began together do not end together. */
function lengthOf(chunks: number): number {
  streams += 1;
  const share = 0.5 + ((streams * 0.618_034) % 1);
  return Math.max(1, Math.round(chunks * share));
}

function stream(response: ServerResponse): void {
  const { everyMs, chunks } = pace;
  let left = lengthOf(chunks);
  response.writeHead(200, { "content-type": "text/event-stream", ...providerHeaders });
  const send = (): void => {
    left -= 1;
    response.write(`data: ${before}${machineMs().toFixed(3)}${after}\n\n`);
    if (left > 0) return;
    clearInterval(timer);
    response.end("data: [DONE]\n\n");
  };
  const timer = setInterval(send, everyMs);
  response.once("close", () => clearInterval(timer));
  send();
}

serveOn(server, 0);
