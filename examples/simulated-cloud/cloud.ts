/** The simulated cloud itself: a scripted provider on loopback for the demo, the tests and the benchmarks. */

import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { AnswerBook } from "./answer-book.ts";
import { lastText } from "./content.ts";
import { answerControl, CONTROL_PREFIX } from "./control.ts";
import type { CloudState } from "./control.ts";
import { deliver } from "./delivery.ts";
import { errorReply } from "./error-reply.ts";
import { faultedReply } from "./faulted-reply.ts";
import { FaultScript } from "./fault-script.ts";
import { Journal } from "./journal.ts";
import type { JournalEntry } from "./journal.ts";
import { objectsOf, stringOf } from "./json.ts";
import type { CallContext, Reply } from "./reply.ts";
import { jsonBody, readBody } from "./request-body.ts";
import type { RequestBody } from "./request-body.ts";
import { answerCall, hasKey, protocolOf } from "./routes.ts";
import { settingsFrom } from "./settings.ts";
import type { SimulatedCloudOptions } from "./settings.ts";

export interface SimulatedCloud {
  /** `http://host:port`, without a path. */
  readonly url: string;
  readonly port: number;
  /** What the control endpoints work on; a test in the same process may read and change it directly. */
  readonly state: CloudState;
  /** Ends open connections too. */
  readonly close: () => Promise<void>;
}

// As long as real providers keep idle connections; Node's five seconds race with pooled clients.
const KEEP_ALIVE_MS = 75_000;
const MAX_HEADER_BYTES = 128 * 1024;
const DEFAULT_MAX_BODY_BYTES = 64 * 1024 * 1024;
const DEFAULT_JOURNAL_ENTRIES = 10_000;

interface Site {
  readonly state: CloudState;
  readonly seed: number;
  readonly maxBodyBytes: number;
}

/** Listens when the promise settles; rejects when the address is taken. */
export async function createSimulatedCloud(
  options: SimulatedCloudOptions = {},
): Promise<SimulatedCloud> {
  const site: Site = {
    state: {
      settings: settingsFrom(options),
      answers: new AnswerBook(options.answers),
      faults: new FaultScript(options.faults),
      journal: new Journal(options.journalEntries ?? DEFAULT_JOURNAL_ENTRIES),
    },
    seed: options.seed ?? 1,
    maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
  };
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.on("request", (request, response) => void serve(request, response, site));
  const host = options.host ?? "127.0.0.1";
  server.listen(options.port ?? 0, host);
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return { url, port, state: site.state, close: () => closeServer(server) };
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  site: Site,
): Promise<void> {
  try {
    const body = await readBody(request, site.maxBodyBytes);
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
    if (path.startsWith(CONTROL_PREFIX)) {
      serveControl({ request, response, path, query, body, site });
      return;
    }
    await serveCall({ request, response, path, query, body, site });
  } catch {
    // The caller went away, or a fault of ours: either way the connection is of no more use.
    response.destroy();
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: string;
  readonly body: RequestBody;
  readonly site: Site;
}

function serveControl({ request, response, path, query, body, site }: Exchange): void {
  const reply = answerControl(
    {
      method: request.method ?? "GET",
      path,
      query: new URLSearchParams(query),
      body: jsonBody(body.bytes, request.headers["content-encoding"]),
    },
    site.state,
  );
  response.writeHead(reply.status, reply.headers.flat());
  response.end(reply.frames.map(({ text }) => text).join(""));
}

async function serveCall(exchange: Exchange): Promise<void> {
  const { request, response, path, body, site } = exchange;
  const { state, seed } = site;
  const parsed = jsonBody(body.bytes, request.headers["content-encoding"]);
  const fault = state.faults.take({
    path,
    model: stringOf(parsed?.["model"]),
    text: lastText(objectsOf(parsed?.["messages"]), "user"),
    headers: request.headers,
  });
  const entry = record(exchange, fault?.kind ?? null);
  const context: CallContext = {
    seed,
    number: entry.number,
    headers: request.headers,
    processingMs: state.settings.ttftMs,
    answer: (text, user) => state.answers.find(text, user),
  };
  const answered =
    admit(exchange, context) ?? answerCall({ method: entry.method, path, body: parsed, context });
  const protocol = protocolOf(path, context.headers);
  const reply =
    fault === undefined ? answered : faultedReply(answered, fault, { protocol, context });
  response.once("close", () => settle(entry, response));
  const { settings } = state;
  await deliver({ request, response, reply, fault, settings, seed, number: entry.number });
}

function record({ request, body, site }: Exchange, fault: string | null): JournalEntry {
  return site.state.journal.add({
    method: request.method ?? "GET",
    url: request.url ?? "/",
    httpVersion: request.httpVersion,
    rawHeaders: request.rawHeaders,
    bodySha256: body.sha256,
    bodyBytes: body.length,
    fault,
  });
}

function settle(entry: JournalEntry, response: ServerResponse): void {
  entry.status = response.headersSent ? response.statusCode : null;
  entry.aborted = !response.writableFinished;
}

/** What the provider's edge refuses before the call is read. */
function admit({ path, body, site }: Exchange, context: CallContext): Reply | undefined {
  const protocol = protocolOf(path, context.headers);
  if (body.tooLong) {
    const message = "Request exceeds the maximum allowed number of bytes.";
    return errorReply(protocol, { status: 413, message }, context);
  }
  if (!site.state.settings.requireKey || hasKey(context.headers)) return undefined;
  const message =
    protocol === "openai"
      ? "You didn't provide an API key."
      : "x-api-key header or authorization header is required";
  return errorReply(protocol, { status: 401, message }, context);
}
