/** Protocol upgrades: the caller's head goes on, the switched connection carries bytes both ways. */
import { once } from "node:events";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import type { Tunnel, UpgradeCall } from "../../../proxy/core/ports.ts";
import { createUpstream } from "../../../proxy/upstream/upstream.ts";
import { createConnectProxy } from "../../support/scripted-upstream-proxy.ts";
import type { Exchange } from "../../support/scripted-upstream.ts";
import { callTo, drained, pair, replyOf, type Pair } from "./upstream-call.ts";

const asked = ["Host", "cloud", "Connection", "keep-alive, Upgrade", "Upgrade", "websocket"];
const key = ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version", "13"];
const accepted =
  "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nConnection: Upgrade\r\nX: \u00e9\r\n\r\n";

function upgradeOf(both: Pair, changes: Partial<UpgradeCall> = {}): UpgradeCall {
  return {
    provider: both.provider,
    method: "GET",
    path: "/v1/realtime?model=m",
    headers: [...asked, ...key],
    signal: new AbortController().signal,
    ...changes,
  };
}

async function echo(exchange: Exchange): Promise<void> {
  await exchange.write(Buffer.from(`${accepted}hello`, "latin1"));
  for await (const bytes of exchange.raw()) await exchange.write(bytes);
  exchange.socket.end();
}

async function tunnelOf(both: Pair, call: UpgradeCall = upgradeOf(both)): Promise<Tunnel> {
  const result = await both.upstream.tunnel(call);
  if ("kind" in result && result.kind === "tunnel") return result;
  throw new Error("no tunnel");
}

async function read(socket: Duplex, length: number): Promise<string> {
  let text = "";
  const bytes: AsyncIterable<Buffer> = socket.iterator({ destroyOnReturn: false });
  for await (const chunk of bytes) {
    text += chunk.toString("latin1");
    if (text.length >= length) return text;
  }
  return text;
}

describe("an upgrade", () => {
  test("hands over the answer as it came and a connection that carries any bytes both ways", async () => {
    await using both = await pair();
    both.cloud.play(echo);
    const tunnel = await tunnelOf(both);
    const head = both.cloud.exchanges[0]?.head;
    expect(head?.line).toBe("GET /v1/realtime?model=m HTTP/1.1");
    expect(head?.headers).toEqual([...asked, ...key]);
    const first = tunnel.head.toString("latin1");
    expect(first.startsWith(accepted)).toBe(true);
    const early = first.slice(accepted.length);
    expect(early + (early === "hello" ? "" : await read(tunnel.socket, 5 - early.length))).toBe(
      "hello",
    );
    const bytes = "\u0000\u00ff\r\n\r\nGET / HTTP/1.1";
    tunnel.socket.write(bytes, "latin1");
    expect(await read(tunnel.socket, bytes.length)).toBe(bytes);
    const ended = once(tunnel.socket, "close");
    tunnel.socket.end();
    await ended;
  });

  test("that is declined gives the provider's reply", async () => {
    await using both = await pair();
    both.cloud.play({ status: 401, body: "no key" });
    const result = await both.upstream.tunnel(upgradeOf(both));
    if ("kind" in result) throw new Error("no reply");
    expect([result.status, (await drained(result)).bytes.toString()]).toEqual([401, "no key"]);
  });

  test("to a provider that is not there is a fault", async () => {
    await using both = await pair();
    await both.cloud.refuse();
    expect(await both.upstream.tunnel(upgradeOf(both))).toMatchObject({
      kind: "fault",
      reason: "upstream_unreachable",
    });
  });

  test("ends at the provider when the caller goes away, before the switch and after it", async () => {
    await using both = await pair();
    const waiting = new AbortController();
    both.cloud.queue(() => undefined, echo);
    const pending = both.upstream.tunnel(upgradeOf(both, { signal: waiting.signal }));
    const first = await both.cloud.next();
    waiting.abort();
    expect(await pending).toMatchObject({ reason: "caller_gone" });
    await first.closed;
    const gone = new AbortController();
    await tunnelOf(both, upgradeOf(both, { signal: gone.signal }));
    gone.abort();
    await (
      await both.cloud.next()
    ).closed;
  });

  test("outlives the limits that hold for replies and for kept connections", async () => {
    await using both = await pair();
    both.cloud.queue({ body: "first" });
    both.cloud.play(echo);
    const call = callTo(both.provider);
    await drained(replyOf(await both.upstream.send(call, false)));
    const timeouts = { connectMs: 5_000, firstByteMs: 30, idleMs: 30 };
    const provider = { ...both.provider, timeouts };
    const { socket } = await tunnelOf(both, upgradeOf(both, { provider }));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(both.cloud.connections).toBe(1);
    expect([socket.destroyed, socket instanceof Socket && socket.timeout]).toEqual([false, 0]);
    socket.destroy();
  });

  test("takes another connection where a kept one was closed", async () => {
    await using both = await pair();
    both.cloud.queue(async (exchange) => {
      await exchange.body();
      exchange.socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    both.cloud.play(echo);
    await drained(replyOf(await both.upstream.send(callTo(both.provider), false)));
    const { socket } = await tunnelOf(both);
    expect(both.cloud.connections).toBe(2);
    socket.destroy();
  });

  test("goes through a plain provider's proxy as a tunnel", async () => {
    await using both = await pair();
    const proxy = await createConnectProxy();
    const upstream = createUpstream({ env: { HTTP_PROXY: proxy.url } });
    both.cloud.play(echo);
    const tunnel = await tunnelOf({ ...both, upstream });
    expect(proxy.asked).toEqual([`127.0.0.1:${both.cloud.port}`]);
    tunnel.socket.destroy();
    await upstream.close();
    await proxy.close();
  });
});
