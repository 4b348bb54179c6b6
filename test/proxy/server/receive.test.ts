/** What the stack gets to see of a call: controls, body, reading, and when nothing is read. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import type { Received } from "../../../proxy/core/received.ts";
import {
  begin,
  bytesOf,
  closeHarnesses,
  drained,
  RawCaller,
  send,
  startHarness,
  valuesOf,
  type ClientCall,
  type Harness,
  type HarnessOptions,
} from "./harness.ts";

afterEach(closeHarnesses);

const chat = { model: "gpt-4o-mini", messages: [{ role: "user", content: "hello" }] };
const body = JSON.stringify(chat);
const json = ["Content-Type", "application/json"];

async function received(call: ClientCall, options: HarnessOptions = {}): Promise<Received> {
  const harness = await startHarness(async (seen) => {
    await bytesOf(seen.body);
    return harness.relay(Readable.from(["x"]));
  }, options);
  await send(harness.port, { path: "/v1/chat/completions", ...call });
  const first = harness.received[0];
  if (first === undefined) throw new Error("nothing was received");
  return first;
}

function reasonOf(call: Received): string {
  return call.reading.kind === "unread" ? call.reading.reason : "view";
}

describe("a call that a codec claims", () => {
  it("is read, its bytes kept whole beside the view", async () => {
    const call = await received({ headers: json, body });
    expect(call.reading).toMatchObject({ kind: "view", view: { text: "hello", stream: false } });
    expect(call.body).toEqual({ kind: "whole", bytes: Buffer.from(body) });
    expect(call.bodyWaitMs).toBeGreaterThanOrEqual(0);
    expect(call.id).toMatch(/^[0-9a-f]{20}$/);
    expect(call.startedMs).toBeLessThanOrEqual(performance.now());
  });

  it.each(["/chat/completions", "/openai/v1/chat/completions", "/v1/chat/completions?x=1"])(
    "is read at %s too",
    async (path) => {
      expect(reasonOf(await received({ path, headers: json, body }))).toBe("view");
    },
  );

  it.each([
    ["gzip", gzipSync(body)],
    ["br", brotliCompressSync(body)],
    ["identity", Buffer.from(body)],
  ])("is read from a decoded copy when it comes as %s", async (coding, bytes) => {
    const headers = [...json, "Content-Encoding", coding];
    const call = await received({ headers, body: bytes });
    expect(call.reading).toMatchObject({ kind: "view", view: { text: "hello" } });
    expect(call.body).toEqual({ kind: "whole", bytes });
  });

  const unread: readonly (readonly [string, string, ClientCall])[] = [
    ["broken JSON", "body_unreadable", { headers: json, body: "{" }],
    ["an empty body", "body_unreadable", { headers: [...json, "Content-Length", "0"] }],
    ["no body", "body_unreadable", { headers: json }],
    ["another content type", "body_unreadable", { headers: ["Content-Type", "text/plain"], body }],
    ["no content type", "body_unreadable", { body }],
    [
      "another charset",
      "body_unreadable",
      { headers: ["Content-Type", "application/json; charset=utf-16"], body },
    ],
    [
      "an unknown coding",
      "body_encoding_unknown",
      { headers: [...json, "Content-Encoding", "x-own"], body },
    ],
    ["a bypass", "bypass_requested", { headers: [...json, "X-Sidestep-Mode", "bypass"], body }],
  ];

  it.each(unread)("with %s is not read: %s", async (_name, reason, call) => {
    const seen = await received(call);
    expect(reasonOf(seen)).toBe(reason);
  });

  it("is read with a charset of UTF-8, however that is written", async () => {
    for (const type of ["application/json; charset=utf-8", 'Application/JSON;charset="UTF8"']) {
      expect(reasonOf(await received({ headers: ["Content-Type", type], body }))).toBe("view");
    }
  });

  it("is not read over the limit, whether its length is declared or not", async () => {
    const policy = { limits: { inspectBytes: body.length - 1, decisionMs: 50, queue: 1 } };
    const chunked = [...json, "Transfer-Encoding", "chunked"];
    for (const headers of [json, chunked]) {
      const harness = await startHarness(
        async (seen) => {
          expect(seen.body.kind).toBe("flowing");
          return harness.relay(Readable.from([await bytesOf(seen.body)]));
        },
        { policy },
      );
      const seen = await send(harness.port, { path: "/v1/chat/completions", headers, body });
      expect(seen.body.toString()).toBe(body);
      expect(harness.received.map(reasonOf)).toEqual(["body_too_large"]);
    }
  });

  it("that declares more than the limit goes to the stack at once", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from(["no"])));
    const caller = await RawCaller.to(harness.port);
    caller.write(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n{",
    );
    await harness.until(() => harness.received.length === 1);
    expect(harness.received.map(reasonOf)).toEqual(["body_too_large"]);
  });

  it("over the limit waits for its reader, and loses nothing meanwhile", async () => {
    const gate = Promise.withResolvers<void>();
    const harness = await startHarness(
      async (seen) => {
        await gate.promise;
        return harness.relay(Readable.from([await bytesOf(seen.body)]));
      },
      { policy: { limits: { inspectBytes: 3, decisionMs: 50, queue: 1 } } },
    );
    const caller = await RawCaller.to(harness.port);
    caller.write(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    await caller.writePieces(["4\r\nfour\r\n", "4\r\nmore\r\n"]);
    await harness.until(() => harness.received.length === 1);
    await caller.writePieces(["3\r\nend\r\n", "0\r\n\r\n"]);
    gate.resolve();
    await caller.saw("fourmoreend");
  });

  it("is read at exactly the limit", async () => {
    const policy = { limits: { inspectBytes: body.length, decisionMs: 50, queue: 1 } };
    expect(reasonOf(await received({ headers: json, body }, { policy }))).toBe("view");
  });

  it("that expands over the limit is not read", async () => {
    const bomb = gzipSync(Buffer.alloc(2_000_000, " "));
    const headers = [...json, "Content-Encoding", "gzip"];
    expect(reasonOf(await received({ headers, body: bomb }))).toBe("body_too_large");
  });

  it("whose body stops coming is told so in its protocol's form", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from([])), {
      timeouts: { stallMs: 40 },
    });
    const caller = await RawCaller.to(harness.port);
    caller.write(
      "POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    );
    await caller.saw("sidestep_request_invalid");
    expect(caller.text).toMatch(/^HTTP\/1\.1 408 /);
    expect(caller.text).toContain('"type":"error"');
    expect(harness.received).toEqual([]);
  });
});

describe("a call that no codec claims", () => {
  it("goes to the stack before its body has come", async () => {
    const harness = await startHarness(async (seen) =>
      harness.relay(Readable.from([await bytesOf(seen.body)])),
    );
    const caller = await RawCaller.to(harness.port);
    caller.write("POST /v1/embeddings HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
    await harness.until(() => harness.received.length === 1);
    expect(harness.received[0]?.body.kind).toBe("flowing");
    expect(harness.received.map(reasonOf)).toEqual(["protocol_not_read"]);
    caller.write("def");
    await caller.saw(/abcdef/);
  });

  it("without a body has none, even where the method could have one", async () => {
    const calls: readonly ClientCall[] = [
      { method: "GET" },
      { method: "DELETE", headers: ["Content-Length", "0"] },
      { headers: ["content-length", "000"] },
    ];
    for (const call of calls) {
      const seen = await received({ path: "/v1/models", ...call });
      expect(seen.body).toEqual({ kind: "none" });
    }
  });

  it("uploads no faster than its reader takes it", { timeout: 120_000 }, async () => {
    const gate = Promise.withResolvers<void>();
    const harness = await startHarness(async (seen) => {
      await gate.promise;
      const hash = createHash("sha256");
      if (seen.body.kind === "flowing")
        for await (const part of seen.body.stream) hash.update(part);
      return harness.relay(Readable.from([hash.digest("hex")]));
    });
    const caller = await RawCaller.to(harness.port);
    const size = 64 * 1_048_576;
    caller.write(`POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    const part = Buffer.alloc(1_048_576, "u");
    for (let at = 0; at < 64; at += 1) caller.write(part);
    let before = -1;
    await harness.until(() => {
      const written = caller.socket.writableLength;
      const isStill = before === written;
      before = written;
      return isStill && harness.received.length === 1;
    });
    expect(caller.socket.writableLength).toBeGreaterThan(size / 2);
    gate.resolve();
    const wanted = createHash("sha256");
    for (let at = 0; at < 64; at += 1) wanted.update(part);
    await caller.saw(wanted.digest("hex"));
  });

  it("whose caller leaves in the middle of the body breaks that body off", async () => {
    const broken = Promise.withResolvers<string>();
    const harness = await startHarness(async (seen) => {
      await bytesOf(seen.body).catch((error: Error) => broken.resolve(error.message));
      return harness.relay(Readable.from([]));
    });
    const caller = await RawCaller.to(harness.port);
    caller.write("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    await harness.until(() => harness.received.length === 1);
    caller.socket.destroy();
    expect(await broken.promise).toContain("broke off");
    expect(harness.received[0]?.signal.aborted).toBe(true);
    await harness.until(() => harness.server.counts().calls === 0);
  });

  it("whose body stops coming breaks off, so that the provider is not kept waiting", async () => {
    const harness = await startHarness(
      async (seen) => {
        const text = await bytesOf(seen.body).then(String, () => "broken");
        return harness.relay(Readable.from([text]));
      },
      { timeouts: { stallMs: 40, lingerMs: 40 } },
    );
    const caller = await RawCaller.to(harness.port);
    caller.write("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    await caller.saw("broken");
    await caller.closed;
  });
});

describe("a body that comes slowly but surely", () => {
  it.each(["/v1/files", "/v1/chat/completions"])("is not given up (%s)", async (path) => {
    const harness = await startHarness(
      async (seen) => harness.relay(Readable.from([await bytesOf(seen.body)])),
      { timeouts: { stallMs: 600 } },
    );
    const caller = await RawCaller.to(harness.port);
    caller.write(
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n`,
    );
    for (const byte of "slow body") {
      await pause(100);
      caller.write(byte);
    }
    await caller.saw("slow body");
    expect(caller.text).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("request headers for Sidestep", () => {
  const none = { mode: null, cache: null, target: null };
  const cases: readonly (readonly [string, readonly string[], object])[] = [
    ["nothing", [], none],
    ["observe", ["x-sidestep-mode", " Observe "], { ...none, mode: "observe" }],
    ["an unknown mode", ["x-sidestep-mode", "fast"], none],
    ["no-store", ["X-Sidestep-Cache", "no-store"], { ...none, cache: "no-store" }],
    ["refresh", ["x-sidestep-cache", "refresh"], { ...none, cache: "refresh" }],
    ["Cache-Control", ["Cache-Control", "max-age=0, No-Store"], { ...none, cache: "no-store" }],
    ["another Cache-Control", ["Cache-Control", "no-cache"], none],
    [
      "both",
      ["Cache-Control", "no-store", "x-sidestep-cache", "refresh"],
      { ...none, cache: "refresh" },
    ],
    ["a target", ["x-sidestep-target", " haiku "], { ...none, target: "haiku" }],
    ["an empty target", ["x-sidestep-target", " "], none],
  ];

  it.each(cases)("say %s", async (_name, headers, controls) => {
    expect((await received({ headers: [...json, ...headers], body })).controls).toEqual(controls);
  });
});

describe("the policy of a call", () => {
  it("is asked for once, when the head has come", async () => {
    const harness: Harness = await startHarness(() => harness.relay(Readable.from(["x"])));
    const response = await begin(harness.port, { method: "GET" });
    await drained(response);
    expect(harness.received[0]?.snapshot.policy.revision).toBe("000000000000");
    expect(valuesOf(response.rawHeaders, "cache-status")).toEqual(["sidestep; fwd=bypass"]);
  });
});
