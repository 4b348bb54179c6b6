/** HTTP/2 callers with prior knowledge on the same port, as AWS's JavaScript SDK comes. */
import { once } from "node:events";
import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { connect as connectSocket, type Socket } from "node:net";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { SidestepError } from "../../../proxy/core/errors.ts";
import {
  bytesOf,
  closeHarnesses,
  drained,
  fed,
  startHarness,
  until,
  verdictOf,
  type Harness,
} from "./harness.ts";

const sessions = new Set<ClientHttp2Session>();

afterEach(async () => {
  for (const session of sessions) session.destroy();
  sessions.clear();
  await closeHarnesses();
});

function dial(harness: Harness, createConnection?: () => Socket): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${harness.port}`, {
    ...(createConnection === undefined ? {} : { createConnection }),
    maxHeaderListPairs: 4_000,
    settings: { maxHeaderListSize: 1_048_576 },
    maxSendHeaderBlockLength: 1_048_576,
  });
  session.on("error", () => undefined);
  sessions.add(session);
  return session;
}

interface Answered {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
}

async function call(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: Buffer | string,
): Promise<Answered> {
  const stream = session.request(headers, { endStream: body === undefined });
  let trailers: IncomingHttpHeaders = {};
  stream.on("trailers", (lines) => (trailers = lines));
  const head = headOf(stream);
  if (body !== undefined) stream.end(body);
  const [headersSeen, bytes] = await Promise.all([head, drained(stream)]);
  return { headers: headersSeen, body: bytes, trailers };
}

function headOf(stream: ClientHttp2Stream): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    stream.once("response", resolve);
    stream.once("error", reject);
  });
}

describe("a call over HTTP/2", () => {
  it("arrives as lines with Host in the place of :authority, and its reply goes back", async () => {
    const harness = await startHarness(async (received) => {
      const body = await bytesOf(received.body);
      return harness.relay(Readable.from([body]), {
        headers: ["X-Up", "1", "x-up", "2", "Connection", "close", "Content-Length", "5"],
        trailers: () => ["X-Sum", "1", "x-sum", "2"],
      });
    });
    const seen = await call(
      dial(harness),
      { ":method": "POST", ":path": "/model/a%3Ab/converse?x=1", "x-a": ["1", "2"], host: "b" },
      "hello",
    );
    const head = harness.received[0]?.head;
    expect(head?.method).toBe("POST");
    expect(head?.target).toBe("/model/a%3Ab/converse?x=1");
    expect(head?.headers).toEqual(expect.arrayContaining(["host", "b", "x-a", "1", "x-a", "2"]));
    expect(head?.headers.filter((line) => line.startsWith(":"))).toEqual([]);
    expect(seen.headers[":status"]).toBe(200);
    expect(seen.headers["x-up"]).toBe("1, 2");
    expect(seen.headers["x-sidestep-decision"]).toBe("forwarded");
    expect(seen.headers).not.toHaveProperty("date");
    expect(seen.headers).not.toHaveProperty("connection");
    expect(seen.body.toString()).toBe("hello");
    expect(seen.trailers["x-sum"]).toBe("1, 2");
    expect(harness.endings).toEqual(["complete"]);
  });

  it("without a Host gets the authority, and without a body has none", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from(["x"])));
    await call(dial(harness), { ":path": "/v1/models" });
    expect(harness.received[0]?.head.headers.slice(0, 2)).toEqual([
      "host",
      `127.0.0.1:${harness.port}`,
    ]);
    expect(harness.received[0]?.body.kind).toBe("none");
  });

  it("has 128 KiB of headers and hundreds of lines both ways", async () => {
    const long = (letter: string): string[] =>
      [0, 1, 2, 3].flatMap((at) => [`x-long-${at}`, letter.repeat(32_768)]);
    const many = Array.from({ length: 1_000 }, (_, at) => [`x-${at}`, "v"]).flat();
    const harness = await startHarness(() =>
      harness.relay(Readable.from([]), { headers: [...long("b"), ...many] }),
    );
    const extra = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`y-${at}`, "v"]));
    const longs = Object.fromEntries(
      [0, 1, 2, 3].map((at) => [`x-long-${at}`, "a".repeat(32_768)]),
    );
    const seen = await call(dial(harness), { ...longs, ...extra });
    expect(seen.headers["x-long-3"]).toBe("b".repeat(32_768));
    expect(seen.headers["x-999"]).toBe("v");
    expect(harness.received[0]?.head.headers).toContain("y-999");
  });

  it("passes on reply lines that come twice, also those that should stand once", async () => {
    const twice = ["x-content-type-options", "nosniff", "date", "today"];
    const harness = await startHarness(() =>
      harness.relay(Readable.from(["x"]), { headers: [...twice, ...twice] }),
    );
    const stream = dial(harness).request({ ":path": "/" });
    const seen: unknown[] = await once(stream, "response");
    expect(String(seen[2])).toContain([...twice, ...twice].join(","));
    expect((await drained(stream)).toString()).toBe("x");
    expect(harness.faults).toEqual([]);
  });

  it("with a reply whose status HTTP does not know gets that reply as a 500, as RFC 9110 (15) has it", async () => {
    const harness = await startHarness(() =>
      harness.relay(Readable.from([Buffer.from("odd")]), { status: 600 }),
    );
    const { headers, body } = await call(dial(harness), { ":path": "/v1/files" });
    expect([headers[":status"], body.toString()]).toEqual([500, "odd"]);
    await until(() => harness.endings.length === 1);
    expect([harness.endings, harness.faults]).toEqual([["complete"], []]);
  });

  it("is told to continue when it waits for that", async () => {
    const harness = await startHarness(async (received) =>
      harness.relay(Readable.from([await bytesOf(received.body)])),
    );
    const stream = dial(harness).request({ ":method": "POST", expect: "100-Continue" });
    await once(stream, "continue");
    stream.end("hello");
    expect((await headOf(stream))[":status"]).toBe(200);
    expect((await drained(stream)).toString()).toBe("hello");
  });

  it("has its cookies joined, as HTTP/1.1 knows only one such line", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from([])));
    await call(dial(harness), { cookie: ["a=1", "b=2", "c=3"], "x-last": "1" });
    expect(harness.received[0]?.head.headers.slice(2)).toEqual([
      "cookie",
      "a=1; b=2; c=3",
      "x-last",
      "1",
    ]);
  });

  it("gets errors, HEAD, 204 and 304 right, all on one connection", async () => {
    const statuses = [200, 204, 304];
    const harness = await startHarness((received) =>
      received.head.target === "/error"
        ? {
            kind: "error",
            error: new SidestepError("sidestep_upstream_unreachable"),
            retryAfterSeconds: 2,
            verdict: verdictOf(),
            ended: harness.ending,
          }
        : harness.relay(Readable.from([]), {
            status: statuses.shift() ?? 0,
            headers: ["content-length", "5"],
          }),
    );
    const session = dial(harness);
    const failed = await call(session, { ":path": "/error" });
    expect(failed.headers).toMatchObject({ ":status": 502, "retry-after": "2" });
    expect(failed.body.toString()).toContain("sidestep_upstream_unreachable");
    const head = await call(session, { ":path": "/", ":method": "HEAD" });
    expect(head.headers).toMatchObject({ ":status": 200, "content-length": "5" });
    for (const status of [204, 304]) {
      const seen = await call(session, { ":path": "/" });
      expect(seen.headers[":status"]).toBe(status);
      expect(seen.body).toHaveLength(0);
    }
    await until(() => harness.endings.length === 4);
    expect(harness.endings).toEqual(["complete", "complete", "complete", "complete"]);
    expect(harness.server.counts().connections).toBe(1);
  });

  it("is refused when its target is no path, or when it wants a tunnel", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from([])));
    const seen = await call(dial(harness), { ":path": "*", ":method": "OPTIONS" });
    expect(seen.headers).toMatchObject({ ":status": 400, "x-sidestep-reason": "request_invalid" });
    const tunnel = await call(dial(harness), { ":method": "CONNECT", ":authority": "a:1" }, "x");
    expect(tunnel.headers[":status"]).toBe(400);
    expect(harness.received).toEqual([]);
  });
});

describe("a stream over HTTP/2", () => {
  it("goes out chunk by chunk, its head before the first", async () => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body));
    const stream = dial(harness).request({ ":path": "/" });
    expect((await headOf(stream))[":status"]).toBe(200);
    let text = "";
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    for (const part of ["alpha", "beta"]) {
      body.push(part);
      await until(() => text.endsWith(part));
    }
    body.push(null);
    await once(stream, "end");
  });

  it("waits for a slow caller", async () => {
    let made = 0;
    const body = new Readable({
      highWaterMark: 1,
      read() {
        made += 1;
        this.push(made > 64 ? null : Buffer.alloc(1_048_576, "x"));
      },
    });
    const harness = await startHarness(() => harness.relay(body));
    const stream = dial(harness).request({ ":path": "/" });
    await headOf(stream);
    stream.pause();
    let before = -1;
    await until(() => {
      const isStill = before === made;
      before = made;
      return isStill && made > 1;
    });
    expect(made).toBeLessThan(32);
    expect(await drained(stream)).toHaveLength(64 * 1_048_576);
  });

  it("that the provider breaks off never ends cleanly", async () => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body));
    const stream = dial(harness).request({ ":path": "/" });
    await headOf(stream);
    body.push("partial");
    const [chunk] = await once(stream, "data");
    expect(String(chunk)).toBe("partial");
    body.destroy(new Error("reset"));
    const [error] = await once(stream, "error");
    expect(String(error)).toContain("INTERNAL_ERROR");
    expect(harness.endings).toEqual(["cut"]);
  });

  it.each(["cancel", "leave"] as const)("ends at once when the caller does (%s)", async (how) => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body));
    const session = dial(harness);
    const stream = session.request({ ":path": "/" });
    stream.on("error", () => undefined);
    await headOf(stream);
    if (how === "cancel") stream.close(constants.NGHTTP2_CANCEL);
    else session.destroy();
    await until(() => body.destroyed);
    expect(harness.endings).toEqual(["aborted"]);
    expect(harness.received[0]?.signal.aborted).toBe(true);
  });

  it("ends when the connection does, without a word of HTTP/2", async () => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body));
    const socket = connectSocket(harness.port, "127.0.0.1");
    const session = dial(harness, () => socket);
    const stream = session.request({ ":path": "/" });
    stream.on("error", () => undefined);
    await headOf(stream);
    socket.end();
    await until(() => body.destroyed);
    await until(() => harness.server.counts().connections === 0);
  });
});

describe("an upload over HTTP/2", () => {
  it("larger than what is read flows on whole", async () => {
    const harness = await startHarness(async (received) => {
      const bytes = await bytesOf(received.body);
      return harness.relay(Readable.from([String(bytes.length)]));
    });
    const seen = await call(
      dial(harness),
      { ":method": "POST", ":path": "/v1/files" },
      Buffer.alloc(5_000_000),
    );
    expect(seen.body.toString()).toBe("5000000");
  });

  it("that the provider does not want is dropped after the reply", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from(["no"]), { status: 413 }));
    const stream = dial(harness).request({ ":method": "POST", ":path": "/v1/files" });
    stream.write("begin");
    expect((await headOf(stream))[":status"]).toBe(413);
    expect((await drained(stream)).toString()).toBe("no");
    stream.end(Buffer.alloc(2_000_000));
    await until(() => stream.closed);
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it("that never comes to its end is let go after the reply", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from(["no"])), {
      timeouts: { lingerMs: 30 },
    });
    const stream = dial(harness).request({ ":method": "POST", ":path": "/v1/files" });
    stream.write("begin");
    expect((await drained(stream)).toString()).toBe("no");
    await until(() => stream.closed);
    expect(harness.endings).toEqual(["complete"]);
  });
});

describe("an HTTP/2 connection", () => {
  it("is known however its preface is cut", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from(["x"])));
    const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    const whole = Buffer.concat([preface, settings]);
    for (const at of [1, 2, 3, 4, 10, 24]) {
      const socket = connectSocket(harness.port, "127.0.0.1");
      socket.setNoDelay(true);
      let got = Buffer.alloc(0);
      socket.on("data", (chunk) => (got = Buffer.concat([got, chunk])));
      await new Promise<void>((resolve) => socket.write(whole.subarray(0, at), () => resolve()));
      await until(() => harness.server.counts().connections > 0);
      socket.write(whole.subarray(at));
      // A SETTINGS frame of the server, then the acknowledgement of ours.
      await until(() => got.includes(Buffer.from([0, 0, 0, 4, 1])));
      socket.destroy();
      await until(() => harness.server.counts().connections === 0);
    }
  });

  it("that is idle for too long is closed, and one with a stream is not", async () => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body), { timeouts: { idleMs: 40 } });
    const busy = dial(harness);
    const stream = busy.request({ ":path": "/" });
    await headOf(stream);
    const idle = dial(harness);
    await once(idle, "close");
    body.push("still here");
    const [chunk] = await once(stream, "data");
    expect(String(chunk)).toBe("still here");
    body.push(null);
  });

  it("is told to open no more streams when the listener closes, and ends with its last one", async () => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body));
    const session = dial(harness);
    const stream = session.request({ ":path": "/" });
    await headOf(stream);
    const goaway = once(session, "goaway");
    harness.server.refuseNew();
    await goaway;
    body.push("end");
    body.push(null);
    expect((await drained(stream)).toString()).toBe("end");
    await once(session, "close");
  });

  it("with rubbish on it is dropped without a fault", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from([])));
    const socket = connectSocket(harness.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nrubbish rubbish rubbish");
    socket.resume();
    await once(socket, "close");
    await until(() => harness.server.counts().connections === 0);
    expect(harness.faults).toEqual([]);
  });
});
