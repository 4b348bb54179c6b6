/** Every way a provider can fail, at every phase: a fault before the reply's head, a broken body after it. */
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Timeouts } from "../../../proxy/core/policy.ts";
import type { FaultKind, Phase, ReplyScript } from "../../support/scripted-upstream-script.ts";
import { callTo, drained, faultOf, pair, replyOf, type Pair } from "./upstream-call.ts";

let both: Pair;
beforeEach(async () => {
  both = await pair();
});
afterEach(async () => {
  expect(both.cloud.errors).toEqual([]);
  await both[Symbol.asyncDispose]();
});

const kinds: readonly FaultKind[] = ["reset", "close", "stall", "garbage"];
const early: readonly Phase[] = ["before-headers", "mid-headers"];
const late: readonly Phase[] = ["after-headers", "mid-body", "before-last-chunk"];
const body = ["The quick brown fox ", "jumps over ", "the lazy dog"];

function impatient(changes: Partial<Timeouts>): ReturnType<typeof callTo> {
  const timeouts = { ...both.provider.timeouts, ...changes };
  return callTo({ ...both.provider, timeouts });
}

describe("before the reply's head is whole", () => {
  const table = early.flatMap((phase) => kinds.map((kind) => ({ phase, kind })));
  test.each(table)("$kind $phase is a fault with a reason", async (fault) => {
    both.cloud.play({ body, fault });
    const limits = fault.kind === "stall" ? { firstByteMs: 60 } : {};
    const sent = faultOf(await both.upstream.send(impatient(limits), false));
    const special: Record<string, string> = {
      stall: "upstream_timeout",
      garbage: "upstream_invalid",
    };
    expect(sent.reason).toBe(special[fault.kind] ?? "upstream_reset");
    expect(sent.detail.startsWith("invalid http: HPE_")).toBe(fault.kind === "garbage");
    await both.cloud.exchanges[0]?.closed;
  });

  test("a trickle of header bytes does not stretch the limit", async () => {
    both.cloud.play({ body, paceMs: 20, fragments: { seed: 1, maxBytes: 1 } });
    const sent = faultOf(await both.upstream.send(impatient({ firstByteMs: 100 }), false));
    expect(sent.reason).toBe("upstream_timeout");
  });

  test("a refused connection is unreachable", async () => {
    await both.cloud.refuse();
    const sent = faultOf(await both.upstream.send(callTo(both.provider), false));
    expect(sent).toEqual({
      kind: "fault",
      reason: "upstream_unreachable",
      detail: "no connection: ECONNREFUSED",
      retryAfterMs: null,
      isRetried: false,
    });
  });

  test("a connection broken as soon as it stands is a reset", async () => {
    both.cloud.resetOnConnect(true);
    const sent = faultOf(await both.upstream.send(callTo(both.provider), false));
    expect(["upstream_reset", "upstream_unreachable"]).toContain(sent.reason);
  });

  test("a name that does not resolve is unreachable", async () => {
    const provider = { ...both.provider, url: new URL("http://nowhere.invalid/v1") };
    const sent = faultOf(await both.upstream.send(callTo(provider), false));
    expect(sent.reason).toBe("upstream_unreachable");
    expect(sent.detail).toMatch(/^no connection: (ENOTFOUND|EAI_AGAIN)$/);
  });

  test("headers beyond the limit are invalid", async () => {
    both.cloud.play({ headers: ["X-Long", "v".repeat(300_000)] });
    const sent = faultOf(await both.upstream.send(callTo(both.provider), false));
    expect(sent.reason).toBe("upstream_invalid");
    expect(sent.detail).toBe("invalid http: HPE_HEADER_OVERFLOW");
  });

  test.each(["000", "099"])("a reply of status %s is invalid", async (status) => {
    both.cloud.play(async (exchange) => {
      await exchange.body();
      await exchange.write(`HTTP/1.1 ${status} Odd\r\nContent-Length: 0\r\n\r\n`);
    });
    const sent = faultOf(await both.upstream.send(callTo(both.provider), false));
    expect(sent).toMatchObject({ reason: "upstream_invalid", detail: "invalid http: status" });
    await both.cloud.exchanges[0]?.closed;
  });

  test("a switch of protocols that nobody asked for is a fault", async () => {
    both.cloud.play({
      status: 101,
      headers: ["Connection", "upgrade", "Upgrade", "x"],
      framing: "none",
    });
    const sent = faultOf(await both.upstream.send(callTo(both.provider), false));
    expect(sent.detail).toBe("connection closed without a reply");
  });

  test("a head that cannot be written is a fault and says nothing of its content", async () => {
    const headers = ["Host", "x", "X-Secret", "top\nsecret"];
    const sent = faultOf(await both.upstream.send(callTo(both.provider, { headers }), false));
    expect(sent.detail).toBe("request not sendable: ERR_INVALID_CHAR");
    expect(both.cloud.connections).toBe(0);
  });
});

describe("after the reply's head", () => {
  const framings = ["length", "chunked"] as const;
  const table = late.flatMap((phase) =>
    kinds.flatMap((kind) => framings.map((framing) => ({ phase, kind, framing }))),
  );
  // With a length, garbage is indistinguishable from the body until the length is used up.
  const broken = table.filter(({ kind, framing }) => kind !== "garbage" || framing === "chunked");
  test.each(broken)("$kind $phase ($framing) breaks the body", async ({ phase, kind, framing }) => {
    both.cloud.play({ body, framing, fault: { phase, kind } });
    const limits = kind === "stall" ? { idleMs: 60 } : {};
    const reply = replyOf(await both.upstream.send(impatient(limits), false));
    expect(reply.status).toBe(200);
    const { bytes, error } = await drained(reply);
    expect(error).toBeInstanceOf(Error);
    expect(body.join("").startsWith(bytes.toString())).toBe(true);
    await both.cloud.exchanges[0]?.closed;
  });

  test("a stalled body says that it is the provider who is late", async () => {
    both.cloud.play({ body, fault: { phase: "mid-body", kind: "stall" } });
    const reply = replyOf(await both.upstream.send(impatient({ idleMs: 60 }), false));
    const { error } = await drained(reply);
    expect(error).toMatchObject({ code: "sidestep_upstream_timeout" });
  });

  test("a body that trickles within the idle limit comes whole", async () => {
    const script: ReplyScript = { body, paceMs: 5, fragments: { seed: 3, maxBytes: 4 } };
    both.cloud.play(script);
    const reply = replyOf(await both.upstream.send(impatient({ idleMs: 5_000 }), false));
    expect((await drained(reply)).bytes.toString()).toBe(body.join(""));
  });

  test("a break that nobody listens for ends nothing but the call", async () => {
    both.cloud.play({ body, fault: { phase: "mid-body", kind: "reset" } });
    const reply = replyOf(await both.upstream.send(callTo(both.provider), false));
    const { promise, resolve } = Promise.withResolvers<void>();
    reply.body.once("close", resolve);
    await promise;
    expect([reply.body.readableEnded, reply.body.errored]).toEqual([false, expect.any(Error)]);
  });
});

describe("while the caller still sends", () => {
  test("an early reply is delivered and ends the upload, leaving the caller's stream alone", async () => {
    both.cloud.play({ status: 413, body: "too large", when: "head" });
    const stream = endless();
    const call = callTo(both.provider, { method: "POST", body: { kind: "flowing", stream } });
    const reply = replyOf(await both.upstream.send(call, false));
    expect([reply.status, (await drained(reply)).bytes.toString()]).toEqual([413, "too large"]);
    await both.cloud.exchanges[0]?.closed;
    expect([stream.destroyed, stream.isPaused()]).toEqual([false, true]);
    stream.destroy(new Error("nobody listens any more"));
  });

  test("an early reply is delivered though the connection breaks right behind it", async () => {
    const stream = new Readable({ read: () => undefined });
    stream.push("first");
    both.cloud.play((exchange) => {
      exchange.socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
      exchange.reset();
      // Within the same turn, so that writing fails before anything was read.
      for (let count = 0; count < 20; count += 1) stream.push(Buffer.alloc(65_536));
    });
    const call = callTo(both.provider, { method: "POST", body: { kind: "flowing", stream } });
    const reply = replyOf(await both.upstream.send(call, false));
    expect([reply.status, (await drained(reply)).bytes.toString()]).toEqual([413, "big"]);
    expect(stream.destroyed).toBe(false);
  });

  test("a reset breaks the call and leaves the caller's stream alone", async () => {
    both.cloud.play({ when: "head", fault: { phase: "before-headers", kind: "reset" } });
    const stream = endless();
    const call = callTo(both.provider, { method: "POST", body: { kind: "flowing", stream } });
    const sent = faultOf(await both.upstream.send(call, false));
    expect([sent.reason, stream.destroyed]).toEqual(["upstream_reset", false]);
  });

  test.each(["breaks", "is not wanted any more"])(
    "a reply that %s ends the upload and leaves the caller's stream alone",
    async (end) => {
      const kind = end === "breaks" ? "reset" : "stall";
      both.cloud.play({ body: "abcdef", when: "head", fault: { phase: "mid-body", kind } });
      const stream = endless();
      const call = callTo(both.provider, { method: "POST", body: { kind: "flowing", stream } });
      const reply = replyOf(await both.upstream.send(call, false));
      if (kind === "stall") reply.body.destroy();
      if (kind === "reset") expect((await drained(reply)).error).toBeInstanceOf(Error);
      await both.cloud.exchanges[0]?.closed;
      await vi.waitFor(() => expect(stream.listenerCount("data")).toBe(0));
      expect(stream.destroyed).toBe(false);
    },
  );

  test("the provider's limit does not run while the caller is slow", async () => {
    both.cloud.play({ body: "thanks" });
    const stream = new Readable({ read: () => undefined });
    stream.push("slow");
    const { timeouts } = both.provider;
    const call = callTo(
      { ...both.provider, timeouts: { ...timeouts, firstByteMs: 250 } },
      { method: "POST", body: { kind: "flowing", stream } },
    );
    const sending = both.upstream.send(call, false);
    const exchange = await both.cloud.next();
    // Many times the limit.
    setTimeout(() => stream.push(null), 1000);
    expect((await drained(replyOf(await sending))).bytes.toString()).toBe("thanks");
    expect((await exchange.body()).bytes.toString()).toBe("slow");
  });

  test("a provider that takes no more bytes is late", async () => {
    both.cloud.play((exchange) => exchange.holdBody());
    const { timeouts } = both.provider;
    const call = callTo(
      { ...both.provider, timeouts: { ...timeouts, firstByteMs: 100 } },
      { method: "POST", body: { kind: "flowing", stream: endless() } },
    );
    expect(faultOf(await both.upstream.send(call, false)).reason).toBe("upstream_timeout");
  });

  test("a body shorter than declared is never completed", async () => {
    const stream = Readable.from([Buffer.from("12345")], { objectMode: false });
    expect(faultOf(await both.upstream.send(declaredTen(stream), false)).reason).toBe(
      "caller_gone",
    );
    for (const exchange of both.cloud.exchanges) {
      expect((await exchange.body()).isComplete).toBe(false);
    }
  });

  test("a byte beyond the declared length never becomes another request", async () => {
    both.cloud.play({ when: "head", fault: { phase: "before-headers", kind: "stall" } });
    const stream = new Readable({ read: () => undefined });
    stream.push("1234567890");
    const sending = both.upstream.send(declaredTen(stream), false);
    const exchange = await both.cloud.next();
    await exchange.body();
    stream.push("GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(faultOf(await sending).reason).toBe("caller_gone");
    await exchange.closed;
    expect(both.cloud.exchanges.length).toBe(1);
  });

  test("a stream that was paused or broke while connecting is no hindrance", async () => {
    both.cloud.play({ body: "got it" });
    const paused = Readable.from([Buffer.from("1234567890")], { objectMode: false }).pause();
    const reply = replyOf(await both.upstream.send(declaredTen(paused), false));
    expect((await drained(reply)).bytes.toString()).toBe("got it");
    const broken = new Readable({ read: () => undefined });
    const sending = both.upstream.send(declaredTen(broken), false);
    broken.destroy(new Error("the caller reset"));
    expect(faultOf(await sending).reason).toBe("caller_gone");
  });

  test("a caller's stream that breaks ends the provider's connection", async () => {
    const stream = endless();
    const call = callTo(both.provider, { method: "POST", body: { kind: "flowing", stream } });
    const sending = both.upstream.send(call, false);
    const exchange = await both.cloud.next();
    stream.destroy();
    expect(faultOf(await sending).reason).toBe("caller_gone");
    await exchange.closed;
    expect((await exchange.body()).isComplete).toBe(false);
  });

  test("a stream that broke or ended before the call is seen as such", async () => {
    const gone = endless();
    gone.destroy();
    const broken = callTo(both.provider, {
      method: "POST",
      body: { kind: "flowing", stream: gone },
    });
    expect(faultOf(await both.upstream.send(broken, false)).reason).toBe("caller_gone");
    const over = Readable.from([]);
    await over.toArray();
    const empty = callTo(both.provider, {
      method: "POST",
      body: { kind: "flowing", stream: over },
    });
    expect(replyOf(await both.upstream.send(empty, false)).status).toBe(200);
    expect((await both.cloud.exchanges.at(-1)?.body())?.length).toBe(0);
  });
});

function declaredTen(stream: Readable): ReturnType<typeof callTo> {
  const headers = ["Host", "x", "Content-Length", "10"];
  return callTo(both.provider, { method: "POST", headers, body: { kind: "flowing", stream } });
}

function endless(): Readable {
  const chunk = Buffer.alloc(16_384, "x");
  return new Readable({
    read(): void {
      this.push(chunk);
    },
  });
}
