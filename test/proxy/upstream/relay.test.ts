/** The relay on real sockets: what goes out and what comes back are the same bytes on both sides. */
import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RequestBody } from "../../../proxy/core/http.ts";
import { fragmentsOf, type ReplyScript } from "../../support/scripted-upstream-script.ts";
import { callTo, drained, pair, replyOf, sha256, type Pair } from "./upstream-call.ts";

let both: Pair;
beforeAll(async () => {
  both = await pair();
});
afterAll(async () => {
  expect(both.cloud.errors).toEqual([]);
  await both[Symbol.asyncDispose]();
});

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/).map((name) => `X-${name}`);
/** Every byte that a header value may hold: latin1 without controls, no spaces at its ends. */
const value = fc.stringMatching(
  /^([!-~\u00a1-\u00ff]([ -~\u00a0-\u00ff]{0,30}[!-~\u00a1-\u00ff])?)?$/,
);
/** Header lines with some repeated, so that order and duplicates matter. */
const lines = fc
  .array(fc.tuple(token, value), { maxLength: 12 })
  .map((pairs) => [...pairs, ...pairs.slice(0, 2)].flat());
const bytes = fc.uint8Array({ maxLength: 40_000 }).map((array) => Buffer.from(array));
const seed = fc.integer({ min: 1, max: 1_000_000 });

function piecesOf(content: Buffer, cut: number): Buffer[] {
  return fragmentsOf(content, cut, 5_000).map((piece) => Buffer.from(piece));
}

function flowing(...pieces: Buffer[]): RequestBody {
  return { kind: "flowing", stream: Readable.from(pieces, { objectMode: false }) };
}

async function exchanged(
  script: ReplyScript,
  changes: Parameters<typeof callTo>[1] = {},
): Promise<{ reply: ReturnType<typeof replyOf>; bytes: Buffer; error: unknown }> {
  both.cloud.play(script);
  const reply = replyOf(await both.upstream.send(callTo(both.provider, changes), false));
  return { reply, ...(await drained(reply)) };
}

describe("a request", () => {
  test("arrives with the same body, header order, case, duplicates and bytes", async () => {
    const kinds = fc.constantFrom("whole", "flowing", "declared");
    const one = fc.asyncProperty(lines, bytes, kinds, seed, async (headers, content, kind, cut) => {
      const at = both.cloud.exchanges.length;
      const length = kind === "flowing" ? [] : ["CONTENT-Length", String(content.length)];
      const sent = ["HOST", both.provider.url.host, ...headers, ...length, "Accept", "*/*"];
      const body: RequestBody =
        kind === "whole" ? { kind, bytes: content } : flowing(...piecesOf(content, cut));
      await exchanged({}, { method: "POST", path: "/a%2f?b=%20&b", headers: sent, body });
      const exchange = both.cloud.exchanges[at];
      const added = kind === "flowing" ? ["Transfer-Encoding", "chunked"] : [];
      expect(exchange?.head.line).toBe("POST /a%2f?b=%20&b HTTP/1.1");
      expect(exchange?.head.headers).toEqual([...sent, ...added, "Connection", "keep-alive"]);
      const seen = await exchange?.body();
      expect(seen?.sha256).toBe(sha256(content));
      expect(seen?.framing).toBe(kind === "flowing" ? "chunked" : "length");
    });
    await fc.assert(one, { numRuns: 80 });
  });

  test.each([
    ["GET", ["Host", "x", "Connection", "keep-alive"]],
    ["DELETE", ["Host", "x", "Connection", "keep-alive"]],
    ["POST", ["Host", "x", "Content-Length", "0", "Connection", "keep-alive"]],
  ])("%s without a body is framed as having none", async (method, expected) => {
    await exchanged({}, { method, headers: ["Host", "x"] });
    expect(both.cloud.exchanges.at(-1)?.head.headers).toEqual(expected);
  });

  test("keeps a wrong or missing length from reaching the provider", async () => {
    const body = { kind: "whole", bytes: Buffer.from("hello") } as const;
    const headers = ["Content-Length", "9", "X-A", "1", "content-length", "9"];
    await exchanged({}, { method: "POST", headers, body });
    const seen = both.cloud.exchanges.at(-1)?.head.headers;
    const host = ["Host", both.provider.url.host];
    expect(seen?.slice(0, 6)).toEqual([...host, "Content-Length", "5", "X-A", "1"]);
    await exchanged({}, { method: "POST", body });
    expect(both.cloud.exchanges.at(-1)?.head.headers.slice(2, 4)).toEqual(["content-length", "5"]);
  });

  test("sheds lines of the caller's connection even when nobody removed them before", async () => {
    const headers = ["Host", "x", "Expect", "100-continue", "TE", "trailers", "X-Own", "1"];
    const listed = ["Connection", "close, x-own", "Transfer-Encoding", "chunked"];
    await exchanged({}, { method: "PUT", headers: [...headers, ...listed], body: flowing() });
    const own = ["Transfer-Encoding", "chunked", "Connection", "keep-alive"];
    expect(both.cloud.exchanges.at(-1)?.head.headers).toEqual(["Host", "x", ...own]);
  });

  test("may carry 128 KiB of headers", async () => {
    const long = "v".repeat(128 * 1024);
    await exchanged({}, { headers: ["Host", "x", "X-Long", long] });
    expect(both.cloud.exchanges.at(-1)?.head.headers[3]).toBe(long);
  });
});

describe("a reply", () => {
  test("comes back the same in status, text, headers, body and trailers however it is cut", async () => {
    const framings = fc.constantFrom("length", "chunked", "close");
    const status = fc
      .integer({ min: 200, max: 599 })
      .filter((code) => code !== 204 && code !== 304);
    const shape = fc.record({ status, reason: value, headers: lines, trailers: lines, cut: seed });
    const one = fc.asyncProperty(shape, bytes, framings, async (parts, content, framing) => {
      const { cut, trailers, headers } = parts;
      const pieces = piecesOf(content, cut);
      const fragments = { seed: cut, maxBytes: 1 + (cut % 3_000) };
      const {
        reply,
        bytes: body,
        error,
      } = await exchanged({ ...parts, body: pieces, framing, fragments });
      const length = framing === "length" ? ["content-length", String(content.length)] : [];
      expect(error).toBeNull();
      expect(sha256(body)).toBe(sha256(content));
      expect([reply.status, reply.statusText]).toEqual([parts.status, parts.reason]);
      expect(reply.headers).toEqual([...headers, ...length]);
      expect(reply.trailers()).toEqual(framing === "chunked" ? trailers : []);
    });
    await fc.assert(one, { numRuns: 80 });
  });

  test("cut into single bytes, interim replies before it, is the same reply", async () => {
    const informational = [
      { status: 100 },
      { status: 102 },
      { status: 103, headers: ["Link", "</a>; rel=preload"] },
    ];
    const script: ReplyScript = {
      informational,
      status: 299,
      reason: "Fine \u00e9",
      headers: ["X-A", "\u00ff"],
      body: ["data: \u6ce8\u6587\n", "\n"],
      framing: "chunked",
      trailers: ["X-T", "\u00fe"],
      fragments: { seed: 7, maxBytes: 1 },
    };
    const { reply, bytes: body } = await exchanged(script);
    expect([reply.status, reply.statusText]).toEqual([299, "Fine \u00e9"]);
    expect(reply.headers).toEqual(["X-A", "\u00ff"]);
    expect(body.toString()).toBe("data: \u6ce8\u6587\n\n");
    expect(reply.trailers()).toEqual(["X-T", "\u00fe"]);
  });

  test("leaves lines of one connection out of its trailers, as out of its head", async () => {
    const headers = ["HTTP2-Settings", "AAMAAABk", "Connection", "X-Hop", "X-Hop", "1"];
    const trailers = [...headers, "Keep-Alive", "timeout=5", "X-T", "1"];
    const script: ReplyScript = { headers, framing: "chunked", trailers };
    const { reply } = await exchanged(script);
    expect(reply.headers).toEqual([]);
    expect(reply.trailers()).toEqual(["X-T", "1"]);
  });

  test.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ])(
    "to %s with status %i has no body and leaves the connection usable",
    async (method, status) => {
      const headers = ["Content-Length", "1234"];
      const {
        reply,
        bytes: body,
        error,
      } = await exchanged(
        { status, headers: status === 204 ? [] : headers, framing: "none" },
        { method },
      );
      expect([body.length, error]).toEqual([0, null]);
      expect(reply.headers).toEqual(status === 204 ? [] : headers);
      const before = both.cloud.exchanges.at(-1)?.connection;
      await exchanged({});
      expect(both.cloud.exchanges.at(-1)?.connection).toBe(before);
    },
  );

  test("loses the lines of the provider's connection and no others", async () => {
    const headers = ["Keep-Alive", "timeout=9", "Connection", "x-own", "X-Own", "1", "Age", "3"];
    const { reply } = await exchanged({ headers, framing: "chunked", body: "x" });
    expect(reply.headers).toEqual(["Age", "3"]);
  });

  test("has no line of the provider's connection in its trailers either", async () => {
    const trailers = ["Connection", "x-own", "X-Own", "1", "Transfer-Encoding", "x", "X-Sum", "3"];
    const { reply } = await exchanged({ framing: "chunked", body: "x", trailers });
    expect(reply.trailers()).toEqual(["X-Sum", "3"]);
  });

  test("may have 200 KiB of headers in 3,000 lines", async () => {
    const headers = Array.from({ length: 3_000 }, (_, at) => [`X-${at}`, "v".repeat(60)]).flat();
    const { reply } = await exchanged({ headers });
    expect(reply.headers).toEqual([...headers, "content-length", "0"]);
  });

  test("is not followed when it is a redirect", async () => {
    const { reply } = await exchanged({ status: 307, headers: ["Location", both.cloud.url] });
    expect(reply.status).toBe(307);
    expect(reply.headers.slice(0, 2)).toEqual(["Location", both.cloud.url]);
  });

  test("arrives chunk by chunk, each before the provider sends the next", async () => {
    const go = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
    both.cloud.play(async (exchange) => {
      await exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (const step of go) {
        await exchange.write("3\r\nabc\r\n");
        await step.promise;
      }
      await exchange.write("0\r\n\r\n");
    });
    const reply = replyOf(await both.upstream.send(callTo(both.provider), false));
    const body: AsyncIterable<Buffer> = reply.body;
    const seen: string[] = [];
    for await (const chunk of body) {
      seen.push(chunk.toString());
      go[seen.length - 1]?.resolve();
    }
    expect(seen).toEqual(["abc", "abc", "abc"]);
  });

  test("that is whole waits for a late reader though its connection is gone", async () => {
    both.cloud.play({ body: "x".repeat(40_000), isLast: true });
    const reply = replyOf(await both.upstream.send(callTo(both.provider), false));
    await both.cloud.exchanges.at(-1)?.closed;
    await turn();
    const { bytes: body, error } = await drained(reply);
    expect([body.length, error]).toEqual([40_000, null]);
  });

  test("that is whole stays so when garbage follows it", async () => {
    both.cloud.play(async (exchange) => {
      await exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\u0001 and more");
    });
    const reply = replyOf(await both.upstream.send(callTo(both.provider), false));
    const { bytes: body, error } = await drained(reply);
    expect([body.toString(), error]).toEqual(["hello", null]);
  });
});

describe("connections", () => {
  test("are not used again when the provider is about to close them", async () => {
    await exchanged({ headers: ["Keep-Alive", "timeout=1"] });
    const first = both.cloud.exchanges.at(-1);
    await first?.closed;
    await exchanged({ isLast: true });
    expect(both.cloud.exchanges.at(-1)?.connection).not.toBe(first?.connection);
    await both.cloud.exchanges.at(-1)?.closed;
  });

  test("are used again, also by calls under another limit, and not shared at one time", async () => {
    await exchanged({ body: "a" });
    const first = both.cloud.exchanges.at(-1)?.connection;
    const timeouts = { connectMs: 5, firstByteMs: 50_000, idleMs: 1_000 };
    await exchanged({ body: "b" }, { provider: { ...both.provider, timeouts } });
    expect(both.cloud.exchanges.at(-1)?.connection).toBe(first);
    const replies = await Promise.all(
      [1, 2, 3].map(() => both.upstream.send(callTo(both.provider), false)),
    );
    const seen = both.cloud.exchanges.slice(-3).map((exchange) => exchange.connection);
    expect(new Set(seen).size).toBe(3);
    await Promise.all(replies.map((reply) => drained(replyOf(reply))));
  });
});
