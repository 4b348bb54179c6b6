/** The soak's upstream: checks what it gets, and replies or fails as each call's plan says. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { CallPlan } from "./plan.ts";
import { errorBody, piecesOf } from "./reply.ts";

/** The header by which a call names itself at both ends. */
export const callHeader = "x-soak-call";

/** What the upstream asks, and whom it tells. */
export interface UpstreamOptions {
  readonly planOf: (number: number) => CallPlan;
  /** A call has come whole, with this hash of its body. */
  readonly came: (number: number, sha256: string) => void;
}

export interface SoakUpstream {
  /** Without a path. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Starts it on a free port. */
export async function createUpstream(options: UpstreamOptions): Promise<SoakUpstream> {
  const server = createServer((request, response) => void serve(request, response, options));
  server.keepAliveTimeout = 60_000;
  server.listen({ port: 0, host: "127.0.0.1", backlog: 2048 });
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { planOf, came }: UpstreamOptions,
): Promise<void> {
  response.on("error", () => undefined);
  const hash = createHash("sha256");
  try {
    for await (const chunk of request) hash.update(Buffer.from(chunk));
  } catch {
    // The caller left in the middle of its body, which is then no call.
    return;
  }
  const number = Number(request.headers[callHeader]);
  came(number, hash.digest("hex"));
  await reply(response, planOf(number));
}

async function reply(response: ServerResponse, plan: CallPlan): Promise<void> {
  const { fault, chance } = plan;
  // Twenty times faster than providers begin.
  await pause(5 + chance * 40);
  if (fault === "refuse") {
    response.socket?.resetAndDestroy();
    return;
  }
  if (fault?.startsWith("status ") === true) {
    fail(response, plan, Number(fault.slice("status ".length)));
    return;
  }
  await write(response, plan);
}

async function write(response: ServerResponse, plan: CallPlan): Promise<void> {
  const { fault, chance } = plan;
  const pieces = fault === "trickle" ? finely(piecesOf(plan)) : piecesOf(plan);
  response.writeHead(200, headersFor(plan, pieces));
  const cutAt = fault === "cut" ? Math.floor(chance * pieces.length) : -1;
  for (const [at, piece] of pieces.entries()) {
    if (response.destroyed) return;
    if (at === cutAt) {
      response.write(piece.subarray(0, Math.ceil(piece.length / 2)), () =>
        response.socket?.resetAndDestroy(),
      );
      return;
    }
    response.write(piece);
    if (pieces.length > 1) await pause(fault === "stall" && at === 1 ? 400 : 1 + chance * 8);
  }
  response.end();
}

function headersFor({ isStream, chance }: CallPlan, pieces: readonly Buffer[]) {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (isStream) return { "content-type": "text/event-stream" };
  const framing = chance < 0.5 ? { "content-length": String(length) } : {};
  return { "content-type": "application/json", ...framing };
}

function fail(response: ServerResponse, { number }: CallPlan, status: number): void {
  const body = errorBody(number, status);
  const wait = status === 429 ? { "retry-after": "1" } : {};
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": String(body.length),
    ...wait,
  });
  response.end(body);
}

/** The same bytes in many pieces, without regard to what they mean. */
function finely(pieces: readonly Buffer[]): Buffer[] {
  const whole = Buffer.concat([...pieces]);
  const size = Math.max(1, Math.ceil(whole.length / 40));
  return Array.from({ length: Math.ceil(whole.length / size) }, (_, at) =>
    whole.subarray(at * size, (at + 1) * size),
  );
}
