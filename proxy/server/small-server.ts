/** A plain HTTP server for few fixed paths; the admin and the health listener are made of it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Recorder } from "../core/ports.ts";
import { boundAddress, type ListenAddress } from "./address.ts";
import { asJson } from "./json-text.ts";

/** A request with its body read. */
export interface SmallRequest {
  readonly query: URLSearchParams;
  /** The `Accept` header. */
  readonly accept: string | undefined;
  readonly body: Buffer;
  /** A request header by lower-case name. */
  readonly header: (name: string) => string | undefined;
}

/** A reply; `body` is sent as UTF-8. */
export interface SmallReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** More headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A reply that goes on for as long as the client listens: `open` gets it once the head is sent. */
export interface StreamReply {
  readonly contentType: string;
  readonly open: (response: ServerResponse) => void;
}

type AnyReply = SmallReply | StreamReply;

/** Serves one method of one path. */
export type Handler = (request: SmallRequest) => AnyReply | Promise<AnyReply>;

/** Handlers by path and method; HEAD is GET without its body. */
export type Routes = Readonly<Record<string, Readonly<Partial<Record<"GET" | "POST", Handler>>>>>;

/** What a small server needs. */
export interface SmallServerOptions {
  readonly address: ListenAddress;
  readonly routes: Routes;
  /** A reply for requests that must not be served; null for all others. */
  readonly guard: (request: IncomingMessage) => SmallReply | null;
  readonly faults: Pick<Recorder, "fault">;
}

/** A running small server. */
export interface SmallServer {
  readonly address: ListenAddress;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** Where the parts of a page lie: too many for a list of what there is. */
export const assets = "/page/";
/** Far more than browsers, probes and scrapers open. */
const mostConnections = 100;

/** Largest body in bytes. */
const bodyBytes = 4_194_304;

/** Binds and serves; rejects with the system's error when the address cannot be bound. */
export async function createSmallServer(options: SmallServerOptions): Promise<SmallServer> {
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000 },
    (request, response) => void answer(options, request, response),
  );
  server.maxConnections = mostConnections;
  await listening(server, options.address);
  // A failing accept (too many open files) is no reason to end.
  server.on("error", (error) => options.faults.fault("admin", error));
  return {
    address: boundAddress(server.address()),
    close: () => closed(server),
  };
}

/** A JSON reply. */
export function jsonReply(value: unknown, status = 200): SmallReply {
  return { status, contentType: "application/json", body: `${asJson(value)}\n` };
}

/** An error whose message names the mend. */
export function problem(status: number, message: string): SmallReply {
  return jsonReply({ error: { message } }, status);
}

/** A plain text reply. */
export function textReply(status: number, text: string): SmallReply {
  return { status, contentType: "text/plain; charset=utf-8", body: `${text}\n` };
}

async function answer(
  options: SmallServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on("error", () => undefined);
  try {
    const reply = options.guard(request) ?? (await routed(options.routes, request, response));
    if ("open" in reply) begin(request, response, reply);
    else send(response, reply);
  } catch (fault) {
    // A caller who leaves in the middle of a body is no fault.
    if (request.errored === null) options.faults.fault("admin", fault);
    send(response, problem(500, "Sidestep failed here; its log says more."));
  }
}

async function routed(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<AnyReply> {
  const url = URL.parse(request.url ?? "/", "http://localhost");
  const methods = url === null ? undefined : routes[url.pathname];
  if (url === null || methods === undefined) {
    const paths = Object.keys(routes).filter((path) => !path.startsWith(assets));
    return problem(404, `There is nothing here; there is ${paths.join(", ")}.`);
  }
  const method = request.method === "HEAD" ? "GET" : request.method;
  const handler = method === "GET" || method === "POST" ? methods[method] : undefined;
  if (handler === undefined) {
    const allowed = Object.keys(methods).flatMap((one) => (one === "GET" ? ["GET", "HEAD"] : one));
    response.setHeader("allow", allowed.join(", "));
    return problem(405, `${url.pathname} takes ${allowed.join(", ")} only.`);
  }
  const body = await bodyOf(request);
  if (body === null) return problem(413, "The body is larger than 4 MiB.");
  const header = (name: string) => request.headers[name]?.toString();
  return handler({ query: url.searchParams, accept: request.headers.accept, body, header });
}

/** Null when it is too large. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes: Buffer = Buffer.from(chunk);
    length += bytes.length;
    if (length <= bodyBytes) chunks.push(bytes);
  }
  return length <= bodyBytes ? Buffer.concat(chunks) : null;
}

/** Pages of other origins may not even embed what is served here. */
const always = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
};

function send(response: ServerResponse, reply: SmallReply): void {
  if (response.destroyed || response.headersSent) return;
  const body = Buffer.from(reply.body);
  response.writeHead(reply.status, {
    ...always,
    ...reply.headers,
    "content-type": reply.contentType,
    "content-length": body.length,
  });
  response.end(body);
}

function begin(request: IncomingMessage, response: ServerResponse, reply: StreamReply): void {
  if (response.destroyed) return;
  response.writeHead(200, { ...always, "content-type": reply.contentType });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  response.flushHeaders();
  reply.open(response);
}

function listening(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Without a host Node takes every address, IPv4 alone where the machine has no IPv6.
    const host = address.host === "::" ? {} : { host: address.host };
    server.listen({ ...host, port: address.port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
