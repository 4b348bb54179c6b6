/** A data listener with a hand-made stack, and callers that speak to it over real sockets. */
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { probability, score } from "../../../proxy/core/brand.ts";
import type { Ending, Verdict } from "../../../proxy/core/decision.ts";
import type { HeaderLines, RequestBody } from "../../../proxy/core/http.ts";
import type { Policy } from "../../../proxy/core/policy.ts";
import type { Received } from "../../../proxy/core/received.ts";
import type { Reply, UpstreamReply } from "../../../proxy/core/reply.ts";
import {
  createDataServer,
  type DataServer,
  type DataServerOptions,
} from "../../../proxy/server/listen.ts";
import type { UpgradeStep } from "../../../proxy/server/live.ts";
import { policyOf } from "../../support/builders.ts";

/** Settings of a test listener. */
export interface HarnessOptions extends Partial<DataServerOptions> {
  readonly policy?: Partial<Policy>;
  readonly upgrade?: UpgradeStep;
}

/** A running listener with what its stack saw. */
export interface Harness {
  readonly server: DataServer;
  readonly port: number;
  readonly received: readonly Received[];
  /** How replies made by this file ended, in that order. */
  readonly endings: readonly Ending["kind"][];
  readonly faults: readonly unknown[];
  readonly warnings: readonly string[];
  /** Resolves when `condition` holds, looking again after every turn of the event loop. */
  readonly until: (condition: () => boolean) => Promise<void>;
  close(): Promise<void>;
  relay(body: Readable, more?: Partial<UpstreamReply>): Reply;
  readonly ending: (ending: Ending) => void;
}

/** A verdict of a forwarded call. */
export function verdictOf(more: Partial<Verdict> = {}): Verdict {
  return {
    decision: "forwarded",
    reason: "no_route_matched",
    route: null,
    target: null,
    provider: "openai",
    confidence: probability(0.5),
    complexity: score(0.25),
    signals: null,
    trail: [],
    would: null,
    ageSeconds: null,
    costUsd: null,
    savedUsd: null,
    waitedMs: 0,
    lookup: null,
    detail: null,
    overheadMs: 1.5,
    ...more,
  };
}

const open = new Set<DataServer>();

/** Closes what a failed test left open; call it after each test. */
export async function closeHarnesses(): Promise<void> {
  await Promise.all([...open].map((server) => server.close()));
  open.clear();
}

/** Starts a listener on a port of the system's choice. */
export async function startHarness(
  step: (received: Received, harness: Harness) => Promise<Reply> | Reply,
  options: HarnessOptions = {},
): Promise<Harness> {
  const received: Received[] = [];
  const endings: Ending["kind"][] = [];
  const faults: unknown[] = [];
  const warnings: string[] = [];
  const ending = (end: Ending): void => void endings.push(end.kind);
  const snapshot = {
    policy: policyOf(options.policy),
    intents: null,
    faqs: new Map(),
    labels: new Map(),
    isStopped: false,
  };
  const server = await createDataServer({
    addresses: [{ host: "127.0.0.1", port: 0, isOptional: false }],
    faults: { fault: (_where, fault) => void faults.push(fault) },
    warn: (message) => void warnings.push(message),
    current: () => ({
      snapshot,
      step: async (call) => {
        received.push(call);
        return step(call, harness);
      },
      upgrade: async (call) => {
        received.push(call);
        if (options.upgrade === undefined) throw new TypeError("no upgrades in this test");
        return options.upgrade(call);
      },
    }),
    ...options,
  });
  open.add(server);
  const harness: Harness = {
    server,
    port: server.addresses[0]?.port ?? 0,
    received,
    endings,
    faults,
    warnings,
    until,
    close: async () => {
      open.delete(server);
      await server.close();
    },
    relay: (body, more = {}) => ({
      kind: "relay",
      verdict: verdictOf(),
      ended: ending,
      tap: null,
      upstream: {
        status: 200,
        statusText: "OK",
        headers: [],
        body,
        trailers: () => [],
        ...more,
      },
    }),
    ending,
  };
  return harness;
}

/** Resolves when `condition` holds; a test's own time limit is the bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** A whole body's bytes, however they come. */
export async function bytesOf(body: RequestBody): Promise<Buffer> {
  switch (body.kind) {
    case "none":
      return Buffer.alloc(0);
    case "whole":
      return body.bytes;
    case "flowing":
      return drained(body.stream);
  }
}

/** Reads a stream to its end. */
export async function drained(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** A reply as a client saw it. */
export interface Seen {
  readonly status: number;
  readonly statusText: string;
  /** Raw lines. */
  readonly headers: HeaderLines;
  readonly body: Buffer;
  readonly trailers: HeaderLines;
}

/** A call by Node's client. */
export interface ClientCall {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: HeaderLines;
  readonly body?: Buffer | string;
}

/** Sends a call and reads the whole reply. */
export async function send(port: number, call: ClientCall = {}): Promise<Seen> {
  const response = await begin(port, call);
  const body = await drained(response);
  return {
    status: response.statusCode ?? 0,
    statusText: response.statusMessage ?? "",
    headers: response.rawHeaders,
    body,
    trailers: response.rawTrailers,
  };
}

/** Sends a call and waits for the head of its reply. */
export async function begin(port: number, call: ClientCall = {}): Promise<IncomingMessage> {
  const body = call.body === undefined ? null : Buffer.from(call.body);
  const lines = [...(call.headers ?? [])];
  if (!lines.some((line) => line.toLowerCase() === "host")) lines.unshift("Host", "localhost");
  const isFramed = lines.some((line) => /^(content-length|transfer-encoding)$/i.test(line));
  if (body !== null && !isFramed) lines.push("Content-Length", String(body.length));
  const request = httpRequest({
    host: "127.0.0.1",
    port,
    agent: false,
    method: call.method ?? "POST",
    path: call.path ?? "/v1/files",
    headers: lines,
    maxHeaderSize: 1_048_576,
  });
  request.on("error", () => undefined);
  request.end(body ?? undefined);
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    request.once("error", reject);
  });
}

/** A connection for bytes written by hand. */
export class RawCaller {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #text = "";
  /** Sizes of the reads in which bytes came. */
  readonly reads: string[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      this.#text += chunk.toString("latin1");
      this.reads.push(chunk.toString("latin1"));
    });
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
  }

  static async to(port: number): Promise<RawCaller> {
    const socket = connect({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    return new RawCaller(socket);
  }

  /** Everything that came so far, as latin1. */
  get text(): string {
    return this.#text;
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** Writes piece by piece, each in a turn of its own. */
  async writePieces(pieces: readonly (string | Buffer)[]): Promise<void> {
    for (const piece of pieces) {
      await new Promise<void>((resolve) => this.socket.write(piece, () => resolve()));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Resolves when what came contains `part`. */
  async saw(part: string | RegExp): Promise<void> {
    await until(() =>
      typeof part === "string" ? this.#text.includes(part) : part.test(this.#text),
    );
  }
}

/** A stream that the test feeds. */
export function fed(): Readable {
  return new Readable({ read: () => undefined });
}

/** The values of a header, by lower-case name. */
export function valuesOf(headers: HeaderLines, name: string): string[] {
  return headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name);
}
