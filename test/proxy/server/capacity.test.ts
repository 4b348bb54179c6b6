/** How many callers there is room for, and what may be held for them. */
import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_CAPACITY } from "../../../proxy/policy/defaults.ts";
import { capacityOf } from "../../../proxy/server/capacity.ts";
import { roomHere } from "../../../proxy/server/room.ts";
import { begin, closeHarnesses, fed, RawCaller, send, startHarness, until } from "./harness.ts";

afterEach(closeHarnesses);

const MiB = 1024 ** 2;
const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

function capacityWith(more: Partial<typeof DEFAULT_CAPACITY>): typeof DEFAULT_CAPACITY {
  return { ...DEFAULT_CAPACITY, ...more };
}

describe("capacities that the policy does not state", () => {
  it.each([
    ["a small pod without a model", 128 * MiB, 1_048_576, 1024, 4 * MiB],
    ["a small pod with a model", 320 * MiB, 1_048_576, 2560, 10 * MiB],
    ["a large machine", 64 * 1024 * MiB, 1_048_576, 20_000, 64 * MiB],
    ["few open files", 64 * 1024 * MiB, 1024, 448, 64 * MiB],
    ["hardly any open files", 64 * 1024 * MiB, 100, 16, 64 * MiB],
    ["a system that does not say", 64 * 1024 * MiB, Infinity, 20_000, 64 * MiB],
  ])("follow from the room: %s", (_what, ...figures) => {
    const [memoryBytes, openFiles, connections, bodyBytes] = figures;
    const capacity = capacityOf(DEFAULT_CAPACITY, { memoryBytes, openFiles });
    expect(capacity).toEqual({ connections, bodyBytes, calls: 1000, headBytes: 262_144 });
  });

  it("are the policy's where it states them, as far as there are files to open", () => {
    const stated = capacityWith({ connections: 30_000, bodyBytes: 5 });
    const room = { memoryBytes: 128 * MiB, openFiles: 100_000 };
    expect(capacityOf(stated, room)).toMatchObject({ connections: 30_000, bodyBytes: 5 });
    expect(capacityOf(stated, { ...room, openFiles: 1128 })).toMatchObject({ connections: 500 });
  });

  it("are told by this system", () => {
    const { memoryBytes, openFiles } = roomHere();
    expect(memoryBytes).toBeGreaterThan(64 * MiB);
    expect(openFiles).toBeGreaterThan(64);
  });
});

/** Room for `most` connections, as few as a policy may state. */
const roomFor = (most: number) => ({
  policy: { capacity: capacityWith({ connections: most }) },
  room: { memoryBytes: 1024 * MiB, openFiles: Infinity },
});

describe("a listener that is full", () => {
  it("refuses one more connection, tells of it, and takes it once somebody has left", async () => {
    const told: number[] = [];
    const harness = await startHarness(() => harness.relay(fed()), {
      ...roomFor(16),
      turnedAway: (most) => void told.push(most),
    });
    const callers = await Promise.all(Array.from({ length: 16 }, () => RawCaller.to(harness.port)));
    for (const caller of callers) caller.write(get);
    await harness.until(() => harness.received.length === 16);
    await expect(send(harness.port)).rejects.toThrow(/ECONNRESET|socket hang up/u);
    expect(told).toEqual([16]);
    callers[0]?.socket.destroy();
    await harness.until(() => harness.server.counts().connections === 15);
    await begin(harness.port, { method: "GET" });
    expect(harness.received).toHaveLength(17);
  });

  it("lets go of connections that only wait for their next call, and cuts none at work", async () => {
    const harness = await startHarness(
      (received) => harness.relay(received.head.target === "/open" ? fed() : Readable.from(["x"])),
      roomFor(16),
    );
    const open = await RawCaller.to(harness.port);
    open.write(get.replace("/", "/open"));
    const idle = await Promise.all(Array.from({ length: 15 }, () => RawCaller.to(harness.port)));
    for (const caller of idle) caller.write(get);
    await Promise.all(idle.map((caller) => caller.saw("0\r\n\r\n")));
    await harness.until(() => harness.server.counts().calls === 1);
    expect((await send(harness.port, { method: "GET" })).body.toString()).toBe("x");
    await Promise.all(idle.map((caller) => caller.closed));
    expect(open.socket.destroyed).toBe(false);
    expect(harness.server.counts().calls).toBe(1);
  });

  it("lets go of connections that have never said anything, the oldest first", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from(["x"])), roomFor(16));
    const silent: RawCaller[] = [];
    for (let at = 0; at < 16; at += 1) silent.push(await RawCaller.to(harness.port));
    await harness.until(() => harness.server.counts().connections === 16);
    expect((await send(harness.port, { method: "GET" })).body.toString()).toBe("x");
    await silent[0]?.closed;
    expect(silent.at(-1)?.socket.destroyed).toBe(false);
  });

  it("refuses a further stream of an HTTP/2 connection so that its caller may safely try again", async () => {
    const harness = await startHarness(() => harness.relay(fed()), roomFor(16));
    const session = connectHttp2(`http://127.0.0.1:${harness.port}`);
    const streams = Array.from({ length: 16 }, () => session.request({ ":path": "/" }));
    for (const stream of streams) stream.on("error", () => undefined);
    await harness.until(() => harness.received.length === 16);
    const [error]: unknown[] = await once(session.request({ ":path": "/" }), "error");
    expect(String(error)).toContain("NGHTTP2_REFUSED_STREAM");
    streams[0]?.close(constants.NGHTTP2_CANCEL);
    await harness.until(() => harness.server.counts().calls === 15);
    session.request({ ":path": "/" }).on("error", () => undefined);
    await harness.until(() => harness.received.length === 17);
    session.destroy();
  });

  it("is not emptied by a flood: sockets that were refused leave nothing behind", async () => {
    const harness = await startHarness(() => harness.relay(fed()), roomFor(16));
    const callers = await Promise.all(Array.from({ length: 16 }, () => RawCaller.to(harness.port)));
    for (const caller of callers) caller.write(get);
    await harness.until(() => harness.received.length === 16);
    const flood = Array.from({ length: 100 }, () => send(harness.port));
    const ends = await Promise.allSettled(flood);
    expect(new Set(ends.map(({ status }) => status))).toEqual(new Set(["rejected"]));
    expect(harness.server.counts()).toMatchObject({ connections: 16, calls: 16 });
    expect(callers.map((caller): Socket => caller.socket).some((each) => each.destroyed)).toBe(
      false,
    );
  });
});

const json = ["Content-Type", "application/json"];
const path = "/v1/chat/completions";
const body = '{"model":"m","messages":[{"role":"user","content":"hi"}]}';

describe("calls beyond what is read along at one time", () => {
  it.each([
    ["calls", { calls: 1 }],
    ["bytes of bodies", { bodyBytes: body.length }],
  ])(
    "are forwarded unread, byte for byte, and read again once there is room: %s",
    async (_of, more) => {
      const first = fed();
      const bodies: Readable[] = [first];
      const harness = await startHarness(
        async (received) => {
          if (received.reading.kind === "unread" && received.body.kind === "flowing") {
            const echo = await received.body.stream.toArray();
            return harness.relay(Readable.from(echo));
          }
          return harness.relay(bodies.shift() ?? Readable.from(["read"]));
        },
        { policy: { capacity: capacityWith(more) } },
      );
      const open = await begin(harness.port, { path, headers: json, body });
      expect((await send(harness.port, { path, headers: json, body })).body.toString()).toBe(body);
      expect(harness.received.map(({ reading }) => reading)).toMatchObject([
        { kind: "view" },
        { kind: "unread", reason: "reading_full" },
      ]);
      first.push(null);
      open.resume();
      await harness.until(() => harness.server.counts().calls === 0);
      expect((await send(harness.port, { path, headers: json, body })).body.toString()).toBe(
        "read",
      );
    },
  );

  it("flow on with what came so far where their length was not known", async () => {
    const harness = await startHarness(
      async (received) => {
        if (received.body.kind !== "flowing") return harness.relay(fed());
        return harness.relay(Readable.from(await received.body.stream.toArray()));
      },
      { policy: { capacity: capacityWith({ bodyBytes: 100 }) } },
    );
    const caller = await RawCaller.to(harness.port);
    const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n`;
    const chunk = `50\r\n${"x".repeat(80)}\r\n`;
    await caller.writePieces([
      `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}`,
      chunk,
      "0\r\n\r\n",
    ]);
    await caller.saw(/0\r\n\r\n$/u);
    expect(caller.text.match(/x/gu)?.filter((each) => each === "x").length).toBeGreaterThanOrEqual(
      160,
    );
    expect(harness.received[0]?.reading).toEqual({ kind: "unread", reason: "reading_full" });
  });

  it("give back what they held however they end", async () => {
    const harness = await startHarness(() => harness.relay(fed()), {
      policy: { capacity: capacityWith({ calls: 1 }) },
    });
    for (let round = 0; round < 5; round += 1) {
      const caller = await RawCaller.to(harness.port);
      const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n`;
      // Odd rounds leave in the middle of the body, even ones in the middle of the reply.
      caller.write(`${head}Content-Length: ${body.length + (round % 2)}\r\n\r\n${body}`);
      await harness.until(() => harness.server.counts().calls === 1);
      if (round % 2 === 0) await caller.saw("200 OK");
      caller.socket.destroy();
      await until(() => harness.server.counts().calls === 0);
    }
    expect(harness.received.map(({ reading }) => reading.kind)).toEqual(["view", "view", "view"]);
  });
});

describe("calls while memory is low (pain 15)", () => {
  it("are forwarded unread, byte for byte, and read again once it is not", async () => {
    let isLow = true;
    const harness = await startHarness(
      async (received) => {
        if (received.body.kind !== "flowing") return harness.relay(Readable.from(["read"]));
        return harness.relay(Readable.from(await received.body.stream.toArray()));
      },
      { isMemoryLow: () => isLow },
    );
    expect((await send(harness.port, { path, headers: json, body })).body.toString()).toBe(body);
    expect(harness.received[0]?.reading).toEqual({ kind: "unread", reason: "memory_low" });
    isLow = false;
    expect((await send(harness.port, { path, headers: json, body })).body.toString()).toBe("read");
    expect(harness.received[1]?.reading).toMatchObject({ kind: "view" });
  });
});

describe("a request's head", () => {
  it.each(["http1", "http2"])(
    "may have as many bytes as the policy says, also after a reload: %s",
    async (version) => {
      let headBytes = 16_384;
      const harness = await startHarness(() => harness.relay(Readable.from(["x"])), {
        policy: {
          capacity: {
            ...DEFAULT_CAPACITY,
            get headBytes() {
              return headBytes;
            },
          },
        },
      });
      const status = version === "http1" ? http1Status : http2Status;
      expect(await status(harness.port, 10_000)).toBe(200);
      expect(await status(harness.port, 40_000)).not.toBe(200);
      headBytes = 65_536;
      expect(await status(harness.port, 40_000)).toBe(200);
    },
  );
});

async function http1Status(port: number, bytes: number): Promise<number> {
  return (await send(port, { method: "GET", headers: ["X-Long", "x".repeat(bytes)] })).status;
}

async function http2Status(port: number, bytes: number): Promise<number> {
  const session = connectHttp2(`http://127.0.0.1:${port}`, { maxSendHeaderBlockLength: 1_000_000 });
  session.on("error", () => undefined);
  // Settings hold from when the other side has said that it knows them.
  await once(session, "remoteSettings");
  await new Promise((resolve) => session.ping(resolve));
  const stream = session.request({ ":path": "/", "x-long": "x".repeat(bytes) });
  const status = await new Promise<number>((resolve) => {
    stream.on("response", (headers) => resolve(Number(headers[":status"])));
    stream.on("error", () => resolve(0));
    stream.on("close", () => resolve(0));
  });
  session.destroy();
  return status;
}
