/** The webhook's listener: TLS with a certificate that changes while it serves, few paths, limits on size and time. */
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { boundAddress, type ListenAddress } from "../server/address.ts";
import type { KeyedCertificate } from "./authority.ts";

/** Answers the body of a POST; null when the body is not what the path takes. */
export type Answerer = (body: string) => Promise<object | null>;

/** What the listener needs. */
export interface HttpsServerOptions {
  readonly address: ListenAddress;
  readonly certificate: KeyedCertificate;
  /** Answerers by path. */
  readonly routes: ReadonlyMap<string, Answerer>;
}

/** A running listener. */
export interface HttpsServer {
  readonly address: ListenAddress;
  /** Connections from now on get this certificate; open ones go on. */
  use(certificate: KeyedCertificate): void;
  /** From now on every answer is the last one of its connection. */
  retire(): void;
  /** Takes no new connections and waits for open requests, for a moment. */
  close(): Promise<void>;
}

/** An object is at most 1.5 MiB in etcd; a review of an update holds it twice. */
const MOST_BYTES = 8 * 1024 ** 2;
const limits = {
  handshakeTimeout: 5000,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  // The API server gives up idle connections after 90 s; were we first, a call might just be on its way.
  keepAliveTimeout: 120_000,
};
const MOST_CONNECTIONS = 500;
const CLOSE_MS = 5000;

/** Binds and serves; rejects with the system's error when the address cannot be bound. */
export async function createHttpsServer(options: HttpsServerOptions): Promise<HttpsServer> {
  const { cert, key } = options.certificate;
  let isRetiring = false;
  const server = createServer(
    { cert, key, minVersion: "TLSv1.3", ...limits },
    (request, response) => {
      response.shouldKeepAlive &&= !isRetiring;
      void serve(request, response, options.routes);
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.on("clientError", (_, socket) => socket.destroy());
  await listening(server, options.address);
  server.on("error", () => undefined);
  return {
    address: boundAddress(server.address()),
    use: (next) =>
      server.setSecureContext({ cert: next.cert, key: next.key, minVersion: "TLSv1.3" }),
    retire: () => {
      isRetiring = true;
    },
    close: () => closed(server),
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  routes: HttpsServerOptions["routes"],
): Promise<void> {
  response.on("error", () => undefined);
  try {
    const { status, body } = await replyTo(request, routes);
    send(response, status, body);
  } catch {
    // The caller went away in the middle of its body.
    response.destroy();
  }
}

interface Reply {
  readonly status: number;
  readonly body: object;
}

async function replyTo(
  request: IncomingMessage,
  routes: HttpsServerOptions["routes"],
): Promise<Reply> {
  // The API server adds a query to the path.
  const path = URL.parse(request.url ?? "/", "https://localhost")?.pathname ?? "/";
  const answerer = routes.get(path);
  if (answerer === undefined) return refused(404, "there is nothing here");
  if (request.method !== "POST") return refused(405, "only POST");
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
    return refused(415, "only application/json");
  }
  const body = await bodyOf(request);
  if (body === null) return refused(413, "the body is too large");
  const reply = await answerer(body);
  return reply === null ? refused(400, "this is no AdmissionReview") : { status: 200, body: reply };
}

function refused(status: number, error: string): Reply {
  return { status, body: { error } };
}

/** Null when it is too large. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes: Buffer = Buffer.from(chunk);
    length += bytes.length;
    if (length > MOST_BYTES) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, status: number, reply: object): void {
  const body = Buffer.from(JSON.stringify(reply));
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}

function listening(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const host = address.host === "::" ? {} : { host: address.host };
    server.listen({ ...host, port: address.port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
