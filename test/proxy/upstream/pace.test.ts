/** Backpressure both ways and aborts in every phase, seen from the provider's side. */
import { Readable } from "node:stream";
import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { callTo, drained, faultOf, pair, providerAt, replyOf, sha256 } from "./upstream-call.ts";
import { createScriptedUpstream, type Exchange } from "../../support/scripted-upstream.ts";
import { createUpstream } from "../../../proxy/upstream/upstream.ts";

const mebibyte = 1_048_576;
const chunks = 64;
/** What the kernel's socket buffers and ours may hold together; far below the 64 MiB sent. */
const held = 24 * mebibyte;

/** Waits until a counter has stood still for many turns of the loop. */
async function settled(count: () => number): Promise<number> {
  for (let last = -1, still = 0; ;) {
    await turn();
    still = count() === last ? still + 1 : 0;
    last = count();
    if (still > 2_000) return last;
  }
}

describe("backpressure", () => {
  test("a reader who does not read stops a 64 MiB reply at the provider", async () => {
    await using both = await pair();
    const chunk = Buffer.alloc(mebibyte, "r");
    let written = 0;
    both.cloud.play(async (exchange) => {
      await exchange.write(`HTTP/1.1 200 OK\r\nContent-Length: ${chunks * mebibyte}\r\n\r\n`);
      for (let at = 0; at < chunks; at += 1) {
        await exchange.write(chunk);
        written += mebibyte;
      }
    });
    const timeouts = { connectMs: 5_000, firstByteMs: 60_000, idleMs: 100 };
    const provider = { ...both.provider, timeouts };
    const reply = replyOf(await both.upstream.send(callTo(provider), false));
    const sent = await settled(() => written);
    expect(sent).toBeLessThan(held);
    expect(reply.body.readableLength).toBeLessThan(mebibyte);
    // Several times the idle limit: it does not run while it is the reader who waits.
    await pause(350);
    const { bytes, error } = await drained(reply);
    expect(error).toBeNull();
    expect(sha256(bytes)).toBe(sha256(Buffer.alloc(chunks * mebibyte, "r")));
  });

  test("a provider who does not read stops a 64 MiB upload at the caller", async () => {
    await using both = await pair();
    both.cloud.play(async (exchange) => {
      exchange.holdBody();
      await exchange.body();
      await exchange.reply({ body: "done" });
    });
    const chunk = Buffer.alloc(mebibyte, "u");
    let taken = 0;
    const stream = new Readable({
      read(): void {
        taken += 1;
        this.push(taken > chunks ? null : chunk);
      },
    });
    const call = callTo(both.provider, { method: "POST", body: { kind: "flowing", stream } });
    const sending = both.upstream.send(call, false);
    const exchange = await both.cloud.next();
    const pulled = await settled(() => taken);
    expect(pulled * mebibyte).toBeLessThan(held);
    exchange.resumeBody();
    expect((await drained(replyOf(await sending))).bytes.toString()).toBe("done");
    expect((await exchange.body()).sha256).toBe(sha256(Buffer.alloc(chunks * mebibyte, "u")));
  });
});

describe("an abort", () => {
  test("before the call sends nothing", async () => {
    await using both = await pair();
    const signal = AbortSignal.abort();
    const sent = faultOf(await both.upstream.send(callTo(both.provider, { signal }), false));
    expect([sent.reason, both.cloud.connections]).toEqual(["caller_gone", 0]);
  });

  test("while connecting closes the connection", async () => {
    // A TLS handshake that never comes: the provider takes the connection and says nothing.
    await using both = await pair();
    const silent = await createScriptedUpstream();
    const provider = providerAt(`https://127.0.0.1:${silent.port}`);
    const gone = new AbortController();
    const sending = both.upstream.send(callTo(provider, { signal: gone.signal }), false);
    await vi.waitFor(() => expect(silent.open).toBe(1));
    gone.abort();
    expect(faultOf(await sending).reason).toBe("caller_gone");
    await vi.waitFor(() => expect(silent.open).toBe(0));
    await silent.close();
  });

  test("while waiting for the head closes the connection", async () => {
    await using both = await pair();
    both.cloud.play({ fault: { phase: "before-headers", kind: "stall" } });
    const gone = new AbortController();
    const sending = both.upstream.send(callTo(both.provider, { signal: gone.signal }), false);
    const exchange = await both.cloud.next();
    gone.abort();
    expect(faultOf(await sending).reason).toBe("caller_gone");
    await exchange.closed;
  });

  test("during the upload closes the connection and leaves the caller's stream alone", async () => {
    await using both = await pair();
    const stream = new Readable({ read: () => undefined });
    stream.push("begun");
    const gone = new AbortController();
    const body = { kind: "flowing", stream } as const;
    const call = callTo(both.provider, { method: "POST", body, signal: gone.signal });
    const sending = both.upstream.send(call, false);
    const exchange = await both.cloud.next();
    await vi.waitFor(() => expect(exchange.received()).toBe(5));
    gone.abort();
    expect(faultOf(await sending).reason).toBe("caller_gone");
    await exchange.closed;
    expect([stream.destroyed, stream.listenerCount("data")]).toEqual([false, 0]);
  });

  test("during the body closes the connection and breaks the body", async () => {
    await using both = await pair();
    const { exchange, reply, gone } = await begun(both);
    const reading = drained(reply);
    gone.abort();
    expect((await reading).error).toBeInstanceOf(Error);
    await exchange.closed;
  });

  test("of the body itself closes the connection", async () => {
    await using both = await pair();
    const { exchange, reply } = await begun(both);
    reply.body.destroy();
    await exchange.closed;
    expect(both.cloud.open).toBe(0);
  });

  test("after the body leaves the connection for the next call", async () => {
    await using both = await pair();
    const gone = new AbortController();
    both.cloud.play({ body: "whole" });
    const call = callTo(both.provider, { signal: gone.signal });
    await drained(replyOf(await both.upstream.send(call, false)));
    await turn();
    gone.abort();
    await drained(replyOf(await both.upstream.send(callTo(both.provider), false)));
    expect(both.cloud.connections).toBe(1);
  });
});

describe("closing", () => {
  test("ends calls in every phase and refuses later ones", async () => {
    const cloud = await createScriptedUpstream();
    const silent = await createScriptedUpstream();
    const upstream = createUpstream({ env: {} });
    cloud.play({ body: "abc", fault: { phase: "mid-body", kind: "stall" } });
    const reply = replyOf(await upstream.send(callTo(providerAt(cloud.url)), false));
    const reading = drained(reply);
    const secure = providerAt(`https://127.0.0.1:${silent.port}`);
    const connecting = upstream.send(callTo(secure), false);
    await vi.waitFor(() => expect(silent.open).toBe(1));
    await upstream.close();
    expect((await reading).error).toBeInstanceOf(Error);
    expect(faultOf(await connecting).reason).toBe("upstream_unreachable");
    const late = faultOf(await upstream.send(callTo(providerAt(cloud.url)), false));
    expect(late.detail).toBe("shutting down");
    const { signal } = new AbortController();
    const parts = { provider: secure, method: "GET", path: "/", headers: [], signal };
    expect(await upstream.tunnel(parts)).toEqual(late);
    await vi.waitFor(() => expect(silent.open + cloud.open).toBe(0));
    await Promise.all([cloud.close(), silent.close()]);
  });
});

async function begun(
  both: Awaited<ReturnType<typeof pair>>,
): Promise<{ exchange: Exchange; reply: ReturnType<typeof replyOf>; gone: AbortController }> {
  const gone = new AbortController();
  both.cloud.play({ body: "abcdef", fault: { phase: "mid-body", kind: "stall" } });
  const call = callTo(both.provider, { signal: gone.signal });
  const reply = replyOf(await both.upstream.send(call, false));
  return { exchange: await both.cloud.next(), reply, gone };
}
