/** Calls that leave HTTP: what a provider accepts becomes a tunnel, what it declines a reply. */
import { once } from "node:events";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import type { Ending } from "../../../proxy/core/decision.ts";
import type { Switched } from "../../../proxy/layers/upgrade.ts";
import {
  closeHarnesses,
  fed,
  RawCaller,
  startHarness,
  until,
  verdictOf,
  type Harness,
} from "./harness.ts";

const servers = new Set<Server>();
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  sockets.clear();
  servers.clear();
  await closeHarnesses();
});

/** Both ends of a connection to a pretended provider. */
async function provider(): Promise<{ readonly ours: Socket; readonly theirs: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  servers.add(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  const { port } = addressOf(server);
  const ours = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const [theirs] = await once(server, "connection");
  sockets.add(ours);
  if (!isSocket(theirs)) throw new TypeError("no socket");
  theirs.on("error", () => undefined);
  sockets.add(theirs);
  return { ours, theirs };
}

function isSocket(value: unknown): value is Socket {
  return typeof value === "object" && value !== null && "remoteAddress" in value;
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("no port");
  return address;
}

const request =
  "GET /v1/realtime?model=x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: abc\r\n\r\n";

interface Tunnelled {
  readonly harness: Harness;
  readonly caller: RawCaller;
  readonly theirs: Socket;
  /** What the provider got. */
  readonly heard: () => string;
  readonly endings: Ending["kind"][];
}

async function tunnelled(lingerMs = 5_000): Promise<Tunnelled> {
  const { ours, theirs } = await provider();
  const endings: Ending["kind"][] = [];
  const switched: Switched = {
    kind: "tunnel",
    verdict: verdictOf({ reason: "protocol_not_read" }),
    ended: ({ kind }) => void endings.push(kind),
    statusText: "Switching Protocols",
    headers: ["Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Accept", "\xe9="],
    socket: ours,
  };
  const harness = await startHarness(() => harness.relay(Readable.from([])), {
    upgrade: async () => switched,
    timeouts: { lingerMs },
  });
  let heard = "";
  theirs.on("data", (chunk: Buffer) => (heard += chunk.toString("latin1")));
  const caller = await RawCaller.to(harness.port);
  caller.write(`${request}early`);
  await caller.saw("\r\n\r\n");
  return { harness, caller, theirs, heard: () => heard, endings };
}

describe("a tunnel", () => {
  it("begins with the provider's head and ours behind, and carries bytes untouched", async () => {
    const { harness, caller, theirs, heard } = await tunnelled();
    expect(caller.text).toMatch(
      /^HTTP\/1\.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \xe9=\r\nx-sidestep-decision: forwarded\r\n/,
    );
    expect(harness.received[0]).toMatchObject({
      head: { method: "GET", target: "/v1/realtime?model=x" },
      body: { kind: "none" },
      reading: { kind: "unread", reason: "protocol_not_read" },
    });
    expect(harness.server.counts()).toMatchObject({ tunnels: 1, calls: 0 });
    await until(() => heard() === "early");
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    caller.write(bytes);
    await until(() => heard() === `early${bytes.toString("latin1")}`);
    theirs.write(bytes);
    await caller.saw(bytes.toString("latin1"));
  });

  it("ends when both ends have, half-open in between", async () => {
    const { harness, caller, theirs, endings } = await tunnelled();
    theirs.end("last words");
    await caller.saw("last words");
    await caller.closed;
    await until(() => endings.length === 1);
    expect(endings).toEqual(["complete"]);
    await until(() => harness.server.counts().connections === 0);
    expect(harness.server.counts().tunnels).toBe(0);
  });

  it("lets the provider go on after the caller has ended his half", async () => {
    const { caller, theirs, endings } = await tunnelled();
    const ended = once(theirs, "end");
    caller.socket.end();
    await ended;
    theirs.end("still here");
    await caller.saw("still here");
    await until(() => endings.length === 1);
    expect(endings).toEqual(["complete"]);
  });

  it("that stays half-open in silence is let go", async () => {
    const { caller, endings } = await tunnelled(30);
    caller.socket.end();
    await caller.closed;
    await until(() => endings.length === 1);
    expect(endings).toEqual(["complete"]);
  });

  it("broken by the caller ends at the provider, and the other way round", async () => {
    const first = await tunnelled();
    first.caller.socket.resetAndDestroy();
    await until(() => first.endings.length === 1);
    expect(first.endings).toEqual(["aborted"]);
    const second = await tunnelled();
    second.theirs.resetAndDestroy();
    await second.caller.closed;
    await until(() => second.endings.length === 1);
    expect(second.endings).toEqual(["cut"]);
  });

  it("waits for a slow end", async () => {
    const { caller, theirs, heard } = await tunnelled();
    await until(() => heard() === "early");
    theirs.pause();
    const part = Buffer.alloc(1_048_576, "x");
    for (let at = 0; at < 32; at += 1) caller.write(part);
    let before = -1;
    await until(() => {
      const isStill = before === caller.socket.writableLength;
      before = caller.socket.writableLength;
      return isStill;
    });
    expect(caller.socket.writableLength).toBeGreaterThan(16 * part.length);
    theirs.resume();
    await until(() => heard().length === 5 + 32 * part.length);
  });

  it("is cut when the listener closes", async () => {
    const { harness, caller, theirs } = await tunnelled();
    const closed = once(theirs, "end");
    await harness.close();
    await Promise.all([caller.closed, closed]);
  });
});

describe("an upgrade that comes to nothing", () => {
  it("because the provider declines gets the provider's reply, and the connection closes", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from([])), {
      upgrade: async () =>
        harness.relay(Readable.from(["no"]), {
          status: 401,
          statusText: "Unauthorized",
          headers: ["WWW-Authenticate", "Bearer", "Content-Length", "2"],
        }),
    });
    const caller = await RawCaller.to(harness.port);
    caller.write(request);
    await caller.closed;
    expect(caller.text).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n/);
    expect(caller.text).toMatch(/Connection: close\r\n\r\nno$/);
    await harness.until(() => harness.endings.length === 1);
    expect(harness.endings).toEqual(["complete"]);
  });

  it("because the caller leaves is told to the stack", async () => {
    const gate = Promise.withResolvers<void>();
    const body = fed();
    const harness = await startHarness(() => harness.relay(body), {
      upgrade: async () => {
        await gate.promise;
        return harness.relay(body);
      },
    });
    const caller = await RawCaller.to(harness.port);
    caller.write(request);
    await harness.until(() => harness.received.length === 1);
    caller.socket.end();
    await harness.until(() => harness.received[0]?.signal.aborted === true);
    gate.resolve();
    await harness.until(() => harness.endings.length === 1);
    expect(harness.endings).toEqual(["aborted"]);
    expect(body.destroyed).toBe(true);
  });

  it("because the caller left just before the provider agreed closes the provider's end", async () => {
    const { ours, theirs } = await provider();
    const gate = Promise.withResolvers<void>();
    const endings: string[] = [];
    const harness = await startHarness(() => harness.relay(fed()), {
      upgrade: async () => {
        await gate.promise;
        return {
          kind: "tunnel",
          verdict: verdictOf(),
          ended: ({ kind }) => void endings.push(kind),
          statusText: "",
          headers: [],
          socket: ours,
        };
      },
    });
    const caller = await RawCaller.to(harness.port);
    caller.write(request);
    await harness.until(() => harness.received.length === 1);
    caller.socket.resetAndDestroy();
    await harness.until(() => harness.server.counts().connections === 0);
    theirs.resume();
    const ended = once(theirs, "end");
    gate.resolve();
    await ended;
    theirs.end();
    await until(() => endings.length === 1);
    expect(endings).toEqual(["aborted"]);
  });

  it("because the stack fails is an error of ours", async () => {
    const harness = await startHarness(() => harness.relay(fed()));
    const caller = await RawCaller.to(harness.port);
    caller.write(request);
    await caller.closed;
    expect(caller.text).toMatch(/^HTTP\/1\.1 500 /);
    expect(harness.faults).toHaveLength(1);
  });
});
