/** HTTP/1.1 callers: framing, malformed requests, keep-alive, pipelining, expectations. */
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { bytesOf, closeHarnesses, RawCaller, send, startHarness, valuesOf } from "./harness.ts";
import type { Harness } from "./harness.ts";
import type { Received } from "../../../proxy/core/received.ts";
import type { Reply } from "../../../proxy/core/reply.ts";

afterEach(closeHarnesses);

async function echo(received: Received, harness: Harness): Promise<Reply> {
  const body = await bytesOf(received.body);
  const text = `${received.head.method} ${received.head.target} ${body.toString("latin1")};`;
  return harness.relay(Readable.from([Buffer.from(text)]), {
    headers: ["Content-Length", String(text.length)],
  });
}

async function reply(harness: Harness, request: string): Promise<string> {
  const caller = await RawCaller.to(harness.port);
  caller.write(request);
  await caller.closed;
  return caller.text;
}

describe("requests with ambiguous framing", () => {
  const refused: readonly (readonly [string, string])[] = [
    ["two Host headers", "GET /v1/models HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    ["no Host header", "GET /v1/models HTTP/1.1\r\nAccept: */*\r\n\r\n"],
    [
      "content-length beside transfer-encoding",
      "POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "two content-lengths",
      "POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    ],
    [
      "a transfer-encoding other than chunked",
      "POST /v1/files HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "a repeated transfer-encoding",
      "POST /v1/files HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "a transfer-encoding in HTTP/1.0",
      "POST /v1/files HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a target that is no path", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"],
    ["a space before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n"],
    ["bytes that are no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
    [
      "a broken chunk size",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
  ];

  it.each(refused)("refuses %s with 400 and closes", async (_name, request) => {
    const harness = await startHarness(echo);
    const text = await reply(harness, request);
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(text).toContain('"code":"sidestep_request_invalid"');
    expect(text).toContain("x-sidestep-decision: refused\r\n");
    expect(text).toContain("x-sidestep-reason: request_invalid\r\n");
    expect(text.toLowerCase()).toContain("connection: close\r\n");
    await harness.until(() => harness.server.counts().connections === 0);
    expect(harness.faults).toEqual([]);
  });

  it("refuses a head over its limit with 431", async () => {
    const harness = await startHarness(echo);
    const text = await reply(
      harness,
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(300_000)}\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 431 /);
  });

  it("refuses endless chunk extensions with 413", async () => {
    const harness = await startHarness(echo);
    const text = await reply(
      harness,
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;${"a".repeat(20_000)}`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("refuses CONNECT with 405 and names the mend", async () => {
    const harness = await startHarness(echo);
    const text = await reply(harness, "CONNECT api.openai.com:443 HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/);
    expect(text).toContain("base URL");
  });

  it("cuts off a head that does not come to its end", async () => {
    const harness = await startHarness(echo, { timeouts: { headMs: 50 } });
    expect(await reply(harness, "GET / HTTP/1.1\r\nHost: ")).toMatch(/^HTTP\/1\.1 408 /);
    expect(await reply(harness, "PR")).toBe("");
  });
});

describe("a broken request behind a sound one", () => {
  it("leaves the sound one its reply", async () => {
    const gate = Promise.withResolvers<void>();
    const harness = await startHarness(async (received) => {
      await gate.promise;
      return echo(received, harness);
    });
    const caller = await RawCaller.to(harness.port);
    caller.write("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nokgarbage\r\n\r\n");
    await harness.until(() => harness.received.length === 1);
    gate.resolve();
    await caller.closed;
    expect(caller.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*POST \/a ok;HTTP\/1\.1 400 Bad Request/);
    expect(harness.endings).toEqual(["complete"]);
  });

  it("breaks a call off when its own body is broken and its reply has begun", async () => {
    const harness = await startHarness(() =>
      harness.relay(new Readable({ read: () => undefined }), { headers: [] }),
    );
    const caller = await RawCaller.to(harness.port);
    caller.write("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    await caller.saw("\r\n\r\n");
    caller.write("zz\r\n");
    await caller.closed;
    await harness.until(() => harness.endings.length === 1);
    expect(harness.endings).toEqual(["aborted"]);
  });
});

describe("connections", () => {
  it("serve one call after the other, and pipelined calls in order", async () => {
    const harness = await startHarness(echo);
    const caller = await RawCaller.to(harness.port);
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    caller.write(get("/1"));
    await caller.saw("GET /1 ;");
    caller.write(get("/2") + get("/3") + get("/4"));
    await caller.saw("GET /4 ;");
    expect(caller.text.match(/GET \/\d/g)).toEqual(["GET /1", "GET /2", "GET /3", "GET /4"]);
    expect(harness.server.counts()).toMatchObject({ connections: 1, served: 4 });
    caller.socket.destroy();
    await harness.until(() => harness.server.counts().connections === 0);
  });

  it("serve a pipelined upgrade after the calls before it", async () => {
    const harness = await startHarness(echo, {
      upgrade: (call) => Promise.resolve(echo(call, harness)),
    });
    const caller = await RawCaller.to(harness.port);
    const upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x";
    caller.write(
      `GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n\r\n`,
    );
    await caller.closed;
    expect(caller.text.match(/GET \/\d/g)).toEqual(["GET /1", "GET /2"]);
    expect(harness.faults).toEqual([]);
  });

  it("are told from HTTP/2 whatever the size of the first bytes", async () => {
    const harness = await startHarness(echo);
    const request = "PROPFIND /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for (const length of [1, 2, 3, 4, request.length]) {
      const caller = await RawCaller.to(harness.port);
      await caller.writePieces([request.slice(0, length), request.slice(length)]);
      await caller.closed;
      expect(caller.text).toContain("PROPFIND /x ;");
    }
  });

  it("close after an HTTP/1.0 reply, which has no chunks", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from([Buffer.from("hello")])));
    const text = await reply(harness, "GET / HTTP/1.0\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).not.toMatch(/transfer-encoding/i);
    expect(text).toMatch(/\r\n\r\nhello$/);
  });

  it("that stay silent, or end before a word, are let go", async () => {
    const harness = await startHarness(echo, { timeouts: { idleMs: 30 } });
    const silent = await RawCaller.to(harness.port);
    const ended = await RawCaller.to(harness.port);
    ended.socket.end();
    await Promise.all([silent.closed, ended.closed]);
    const reset = await RawCaller.to(harness.port);
    reset.socket.resetAndDestroy();
    await harness.until(() => harness.server.counts().connections === 0);
  });
});

describe("requests", () => {
  it("keep method, target, header order, case and duplicates", async () => {
    const harness = await startHarness(echo);
    const headers = ["X-B", "1", "host", "example", "x-a", "2", "X-b", "3", "X-A", "\xe9 ;,"];
    await send(harness.port, { method: "PATCH", path: "/v1/x?api-version=1&b=%20%2F", headers });
    const head = harness.received[0]?.head;
    expect(head?.method).toBe("PATCH");
    expect(head?.target).toBe("/v1/x?api-version=1&b=%20%2F");
    expect(head?.headers.slice(0, headers.length)).toEqual(headers);
  });

  it("have 128 KiB of headers, and more than two thousand lines of them", async () => {
    const harness = await startHarness(echo);
    const many = Array.from({ length: 3_000 }, (_, at) => [`X-${at}`, "v"]).flat();
    const headers = ["X-Long", "a".repeat(131_072), ...many];
    const seen = await send(harness.port, { method: "GET", headers });
    expect(seen.status).toBe(200);
    expect(harness.received[0]?.head.headers.slice(2, 2 + headers.length)).toEqual(headers);
  });

  it("in absolute form count by their path only", async () => {
    const harness = await startHarness(echo);
    const caller = await RawCaller.to(harness.port);
    for (const target of [
      "http://evil.example/v1/models?x=1",
      "HTTP://evil.example",
      "https://e?q",
    ]) {
      caller.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    }
    await caller.saw("GET /?q ;");
    const targets = harness.received.map((received) => received.head.target);
    expect(targets).toEqual(["/v1/models?x=1", "/", "/?q"]);
  });

  it("that offer HTTP/2, or an upgrade beside a body, are served as what they are", async () => {
    const harness = await startHarness(echo);
    const offer = ["Connection", "Upgrade, HTTP2-Settings", "Upgrade", "h2c", "HTTP2-Settings", ""];
    const seen = await send(harness.port, { headers: offer, body: "abc" });
    expect(seen.body.toString()).toBe("POST /v1/files abc;");
    const get = await send(harness.port, { method: "GET", headers: offer });
    expect(get.body.toString()).toBe("GET /v1/files ;");
    const other = ["Connection", "Upgrade", "Upgrade", "websocket"];
    const post = await send(harness.port, { headers: other, body: "abc" });
    expect(post.body.toString()).toBe("POST /v1/files abc;");
  });

  it("that wait for 100 Continue get it at once, and other expectations are no obstacle", async () => {
    const harness = await startHarness(echo);
    const caller = await RawCaller.to(harness.port);
    caller.write(
      "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    );
    await caller.saw("HTTP/1.1 100 Continue\r\n\r\n");
    caller.write("ok");
    await caller.saw("POST /a ok;");
    caller.write("POST /b HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 2\r\n\r\nok");
    await caller.saw("POST /b ok;");
    expect(valuesOf(harness.received[1]?.head.headers ?? [], "expect")).toEqual(["tea"]);
  });
});
