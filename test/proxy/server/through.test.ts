/** The listener and the real way to the provider together: bytes, ends and pace survive both. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import type { Readable } from "node:stream";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Received } from "../../../proxy/core/received.ts";
import type { Reply } from "../../../proxy/core/reply.ts";
import { upgrade } from "../../../proxy/layers/upgrade.ts";
import { noTracer } from "../../../proxy/telemetry/trace.ts";
import { requestHeaders } from "../../../proxy/upstream/edits.ts";
import { createUpstream, type ClosableUpstream } from "../../../proxy/upstream/upstream.ts";
import { providerOf } from "../../support/builders.ts";
import { createScriptedUpstream, type ScriptedUpstream } from "../../support/scripted-upstream.ts";
import {
  closeHarnesses,
  RawCaller,
  send,
  startHarness,
  until,
  valuesOf,
  verdictOf,
  type Harness,
} from "./harness.ts";

interface Through {
  readonly harness: Harness;
  readonly cloud: ScriptedUpstream;
  /** Bodies of the provider's replies so far. */
  readonly bodies: readonly Readable[];
}

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  await closeHarnesses();
  for (const close of closers.splice(0)) await close();
});

async function through(): Promise<Through> {
  const cloud = await createScriptedUpstream();
  const upstream = createUpstream({ env: {} });
  closers.push(
    () => upstream.close(),
    () => cloud.close(),
  );
  const providers = new Map([["openai", providerOf("openai", cloud.url)]]);
  const recorder = { record: () => undefined, fault: () => undefined };
  const bodies: Readable[] = [];
  const harness = await startHarness(
    async (received) => {
      const reply = await forwarded(harness, upstream, received);
      if (reply.kind === "relay") bodies.push(reply.upstream.body);
      return reply;
    },
    {
      policy: { providers },
      upgrade: upgrade({ tunnels: upstream, recorder, tracer: noTracer }),
    },
  );
  return { harness, cloud, bodies };
}

async function forwarded(
  harness: Harness,
  upstream: ClosableUpstream,
  received: Received,
): Promise<Reply> {
  const provider = received.snapshot.policy.providers.get("openai");
  if (provider === undefined) throw new TypeError("no provider");
  const { head, body, signal } = received;
  const sent = await upstream.send(
    {
      provider,
      method: head.method,
      path: head.target,
      headers: requestHeaders(head.headers, { provider, trace: [], body }),
      body,
      signal,
      account: { breaker: "openai", credential: "none", model: "" },
    },
    false,
  );
  if ("kind" in sent) throw new Error(sent.detail);
  return { kind: "relay", upstream: sent, tap: null, verdict: verdictOf(), ended: harness.ending };
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const line = fc.tuple(
  fc.stringMatching(/^X-[A-Za-z0-9]{1,12}$/).filter((name) => !/^x-sidestep/i.test(name)),
  fc.stringMatching(/^[\x21-\x7e\x80-\xff]([\x20-\x7e\x80-\xff]{0,20}[\x21-\x7e\x80-\xff])?$/),
);
const lines = fc.array(line, { maxLength: 8 }).map((pairs) => pairs.flat());
const bytes = fc.uint8Array({ maxLength: 20_000 }).map((array) => Buffer.from(array));

describe("a call through both sides", () => {
  it("keeps every byte and line, however either side cuts them", { timeout: 300_000 }, async () => {
    const { harness, cloud } = await through();
    const given = fc.record({
      requestLines: lines,
      requestBody: bytes,
      isChunked: fc.boolean(),
      replyLines: lines,
      replyBody: bytes,
      trailers: lines,
      framing: fc.constantFrom("length" as const, "chunked" as const, "close" as const),
      status: fc.constantFrom(200, 201, 400, 429, 500),
      fragments: fc.record({ seed: fc.nat(), maxBytes: fc.integer({ min: 1, max: 5_000 }) }),
    });
    await fc.assert(
      fc.asyncProperty(given, async (call) => {
        const trailers = call.framing === "chunked" ? call.trailers : [];
        cloud.play({
          status: call.status,
          reason: "As Said",
          headers: call.replyLines,
          body: call.replyBody,
          framing: call.framing,
          trailers,
          fragments: call.fragments,
        });
        const framing = call.isChunked
          ? ["Transfer-Encoding", "chunked"]
          : ["Content-Length", String(call.requestBody.length)];
        const seen = await send(harness.port, {
          path: "/v1/files?x=%20",
          headers: [...call.requestLines, ...framing],
          body: call.requestBody,
        });
        const exchange = await cloud.next();
        expect(exchange.head.line).toBe("POST /v1/files?x=%20 HTTP/1.1");
        expect(exchange.head.headers.filter((_, at) => isOurs(exchange.head.headers, at))).toEqual(
          call.requestLines,
        );
        expect((await exchange.body()).sha256).toBe(sha256(call.requestBody));
        expect([seen.status, seen.statusText]).toEqual([call.status, "As Said"]);
        expect(seen.headers.slice(0, call.replyLines.length)).toEqual(call.replyLines);
        expect(sha256(seen.body)).toBe(sha256(call.replyBody));
        expect(seen.trailers).toEqual(trailers);
      }),
      { numRuns: 100 },
    );
    expect(cloud.errors).toEqual([]);
    await until(() => harness.server.counts().calls === 0);
    expect(new Set(harness.endings)).toEqual(new Set(["complete"]));
  });

  it.each(["reset", "close"] as const)(
    "is never whole when the provider breaks off (%s)",
    async (kind) => {
      const { harness, cloud } = await through();
      for (const framing of ["length", "chunked"] as const) {
        for (const phase of ["after-headers", "mid-body", "before-last-chunk"] as const) {
          if (framing === "length" && phase === "before-last-chunk") continue;
          cloud.play({ body: ["some", "more", "bytes"], framing, fault: { phase, kind } });
          await expect(send(harness.port, { method: "GET" })).rejects.toThrow(/aborted|ECONNRESET/);
        }
      }
      expect(new Set(harness.endings)).toEqual(new Set(["cut"]));
    },
  );

  it("hears a provider's early refusal, while the upload still runs", async () => {
    const { harness, cloud } = await through();
    cloud.play({ status: 413, body: "too large", when: "head", isLast: true });
    const caller = await RawCaller.to(harness.port);
    caller.write("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n");
    caller.write(Buffer.alloc(1_000_000));
    await caller.saw("too large");
    expect(caller.text).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe("a caller who leaves", () => {
  it.each(["upload", "waiting", "body"])("ends the provider's work at once (%s)", async (phase) => {
    const { harness, cloud } = await through();
    cloud.play(
      phase === "body"
        ? { body: ["a", "b"], framing: "chunked", fault: { phase: "mid-body", kind: "stall" } }
        : { fault: { phase: "before-headers", kind: "stall" } },
    );
    const caller = await RawCaller.to(harness.port);
    const length = phase === "upload" ? 10 : 3;
    caller.write(`POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\nabc`);
    const exchange = await cloud.next();
    if (phase === "upload") await until(() => exchange.received() === 3);
    else await exchange.body();
    if (phase === "body") await caller.saw("\r\n\r\n");
    caller.socket.destroy();
    await exchange.closed;
    await until(() => harness.server.counts().connections === 0);
  });

  it("over HTTP/2 does so too", async () => {
    const { harness, cloud } = await through();
    cloud.play({
      body: ["a", "b"],
      framing: "chunked",
      fault: { phase: "mid-body", kind: "stall" },
    });
    const session = connectHttp2(`http://127.0.0.1:${harness.port}`);
    const stream = session.request({ ":path": "/v1/models" });
    stream.on("error", () => undefined);
    await once(stream, "response");
    const exchange = await cloud.next();
    stream.close(constants.NGHTTP2_CANCEL);
    await exchange.closed;
    session.destroy();
  });

  it("after the last event leaves the provider's connection for the next call", async () => {
    const { harness, cloud, bodies } = await through();
    const gate = Promise.withResolvers<void>();
    cloud.queue(async (exchange) => {
      await exchange.body();
      const head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
      await exchange.write(`${head}e\r\ndata: [DONE]\n\n\r\n`);
      await gate.promise;
      await exchange.write("0\r\n\r\n");
    });
    const caller = await RawCaller.to(harness.port);
    caller.write("GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n");
    await caller.saw("[DONE]\n\n");
    caller.socket.resetAndDestroy();
    await until(() => harness.endings.length === 1);
    gate.resolve();
    expect(harness.endings).toEqual(["complete"]);
    await until(() => bodies.every((body) => body.closed));
    expect((await send(harness.port, { method: "GET" })).status).toBe(200);
    expect(cloud.connections).toBe(1);
  });
});

describe("a WebSocket", () => {
  it("is carried byte for byte, provider's head first", async () => {
    const { harness, cloud } = await through();
    cloud.play(async (exchange) => {
      await exchange.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nhello",
      );
      for await (const chunk of exchange.raw()) await exchange.write(chunk);
      exchange.socket.end();
    });
    const caller = await RawCaller.to(harness.port);
    caller.write(
      "GET /v1/realtime HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: y\r\n\r\n",
    );
    await caller.saw("hello");
    expect(caller.text).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\nUpgrade: websocket\r\n/);
    expect(caller.text).toContain("x-sidestep-decision: forwarded\r\n");
    const exchange = await cloud.next();
    expect(valuesOf(exchange.head.headers, "sec-websocket-key")).toEqual(["y"]);
    const frame = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    caller.write(frame);
    await caller.saw(frame.toString("latin1"));
    caller.socket.end();
    await caller.closed;
    await exchange.closed;
    await until(() => harness.server.counts().tunnels === 0);
  });
});

/** Whether a line is one of the test's own, not framing and not Host. */
function isOurs(headers: readonly string[], at: number): boolean {
  return /^x-/i.test(headers[at - (at % 2)] ?? "");
}
