/** Replies of a provider on their way to the caller: heads, bytes, pace, trailers, and early ends. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { Socket } from "node:net";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  begin,
  closeHarnesses,
  drained,
  fed,
  RawCaller,
  send,
  startHarness,
  valuesOf,
  verdictOf,
} from "./harness.ts";

afterEach(closeHarnesses);

const get = "GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n";

describe("the head of a relayed reply", () => {
  it("keeps status, phrase and lines, drops hop-by-hop lines, and adds ours behind", async () => {
    const theirs = [
      "X-One",
      "1",
      "set-cookie",
      "a",
      "Set-Cookie",
      "b",
      "Server-Timing",
      "app;dur=1",
    ];
    const hops = ["Connection", "close, X-Hop", "X-Hop", "1", "Keep-Alive", "timeout=1", "TE", "x"];
    const harness = await startHarness(() =>
      harness.relay(Readable.from([]), {
        status: 418,
        statusText: "I am a teapot",
        headers: [...theirs, ...hops, "Cache-Status", "edge; hit"],
      }),
    );
    const seen = await send(harness.port);
    expect(seen.status).toBe(418);
    expect(seen.statusText).toBe("I am a teapot");
    expect(seen.headers.slice(0, theirs.length + 2)).toEqual([
      ...theirs,
      "Cache-Status",
      "edge; hit",
    ]);
    expect(valuesOf(seen.headers, "x-hop")).toEqual([]);
    expect(valuesOf(seen.headers, "date")).toEqual([]);
    expect(valuesOf(seen.headers, "server-timing")).toEqual(["app;dur=1", "sidestep;dur=1.5"]);
    expect(valuesOf(seen.headers, "cache-status")).toEqual(["edge; hit", "sidestep; fwd=bypass"]);
    expect(valuesOf(seen.headers, "x-sidestep-request-id")).toEqual([harness.received[0]?.id]);
  });

  it("is sent at once, though no body byte has come", async () => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body));
    const response = await begin(harness.port);
    expect(response.statusCode).toBe(200);
    body.push("x");
    body.push(null);
    expect((await drained(response)).toString()).toBe("x");
  });

  it("leaves in one write with a body that is already there, end included", async () => {
    const single = vi.spyOn(Socket.prototype, "_write");
    const joined = vi.spyOn(Socket.prototype, "_writev");
    onTestFinished(() => void vi.restoreAllMocks());
    for (const headers of [[], ["Content-Length", "5"]]) {
      const harness = await startHarness(() =>
        harness.relay(Readable.from(["hello"]), { headers }),
      );
      const caller = await RawCaller.to(harness.port);
      caller.write(get);
      await caller.saw(headers.length > 0 ? /hello$/ : /0\r\n\r\n$/);
      // The request went out alone, the reply's parts together.
      expect(single).toHaveBeenCalledTimes(1);
      expect(joined).toHaveBeenCalledTimes(1);
      vi.clearAllMocks();
    }
  });

  it("keeps an empty phrase, and loses only what no phrase may hold", async () => {
    const phrases = ["", "caf\xe9\x01"];
    const harness = await startHarness(() =>
      harness.relay(Readable.from([]), { statusText: phrases.shift() ?? "" }),
    );
    const caller = await RawCaller.to(harness.port);
    caller.write(get);
    await caller.saw("\r\n0\r\n\r\n");
    caller.write(get);
    await caller.saw(/\r\n0\r\n\r\n[^]*\r\n0\r\n\r\n/);
    expect(caller.text.match(/HTTP[^\r]*/g)).toEqual(["HTTP/1.1 200 ", "HTTP/1.1 200 caf\xe9"]);
  });

  it("keeps bytes above ASCII as they came, with and without a body at hand", async () => {
    const bodies = [Readable.from(["x"]), fed()];
    const headers = ["X-Name", "\xe9\xff \xc3\xa9"];
    const harness = await startHarness(() => harness.relay(bodies.shift() ?? fed(), { headers }));
    for (let turn = 0; turn < 2; turn += 1) {
      const caller = await RawCaller.to(harness.port);
      caller.write(get);
      await caller.saw("\r\n\r\n");
      expect(caller.text).toContain("X-Name: \xe9\xff \xc3\xa9\r\n");
    }
  });

  it("that cannot be written breaks the call off and is reported", async () => {
    const harness = await startHarness(() => harness.relay(fed(), { headers: ["Bad Name", "x"] }));
    await expect(begin(harness.port)).rejects.toThrow();
    expect(harness.endings).toEqual(["cut"]);
    expect(harness.faults).toHaveLength(1);
  });
});

describe("the body of a relayed reply", () => {
  it("goes out chunk by chunk as it comes, and its tap sees every byte", async () => {
    const body = fed();
    const tapped: string[] = [];
    const harness = await startHarness(() => ({
      ...harness.relay(body),
      tap: (chunk: Buffer) => void tapped.push(chunk.toString()),
    }));
    const caller = await RawCaller.to(harness.port);
    caller.write(get);
    for (const part of ["alpha", "beta", "gamma"]) {
      body.push(part);
      await caller.saw(`${part}\r\n`);
    }
    expect(harness.endings).toEqual([]);
    body.push(null);
    await caller.saw("0\r\n\r\n");
    await harness.until(() => harness.endings.length === 1);
    expect(harness.endings).toEqual(["complete"]);
    expect(tapped).toEqual(["alpha", "beta", "gamma"]);
  });

  it("is not harmed by a tap that fails", async () => {
    const harness = await startHarness(() => ({
      ...harness.relay(Readable.from(["a", "b"])),
      tap: () => {
        throw new Error("tap");
      },
    }));
    expect((await send(harness.port)).body.toString()).toBe("ab");
    expect(harness.faults).toHaveLength(1);
  });

  it("is not sent for HEAD, 204 and 304, and the connection serves on", async () => {
    const statuses = [200, 204, 304, 200];
    const harness = await startHarness(() =>
      harness.relay(Readable.from([]), {
        status: statuses.shift() ?? 0,
        headers: ["Content-Length", "5", "ETag", "x"],
      }),
    );
    const caller = await RawCaller.to(harness.port);
    for (const [method, at] of [
      ["HEAD", 1],
      ["GET", 2],
      ["GET", 3],
      ["HEAD", 4],
    ] as const) {
      caller.write(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
      await harness.until(() => harness.endings.length === at);
    }
    await caller.saw(/(?:HTTP\/1\.1 \d+ OK\r\n(?:[^\r]+\r\n)+\r\n){4}$/);
    expect(caller.text).not.toMatch(/transfer-encoding/i);
    expect(harness.endings).toEqual(["complete", "complete", "complete", "complete"]);
  });

  it("ends with the provider's trailers", async () => {
    const trailers = ["X-Sum", "1", "x-sum", "2"];
    const harness = await startHarness(() =>
      harness.relay(Readable.from(["x"]), { trailers: () => trailers }),
    );
    expect((await send(harness.port)).trailers).toEqual(trailers);
  });

  it("waits for a slow caller and stays bounded in memory", { timeout: 120_000 }, async () => {
    const size = 64;
    const chunk = Buffer.alloc(1_048_576, "x");
    let made = 0;
    const body = new Readable({
      highWaterMark: 1,
      read() {
        made += 1;
        this.push(made > size ? null : chunk);
      },
    });
    const harness = await startHarness(() => harness.relay(body));
    const response = await begin(harness.port);
    response.pause();
    let before = -1;
    await harness.until(() => {
      const isStill = before === made;
      before = made;
      return isStill && made > 1;
    });
    expect(made).toBeLessThan(size / 2);
    const hash = createHash("sha256");
    let length = 0;
    response.on("data", (part: Buffer) => {
      hash.update(part);
      length += part.length;
    });
    response.resume();
    await once(response, "end");
    expect(length).toBe(size * chunk.length);
    const wanted = createHash("sha256");
    for (let at = 0; at < size; at += 1) wanted.update(chunk);
    expect(hash.digest("hex")).toBe(wanted.digest("hex"));
  });
});

describe("a provider that replies before the body has come", () => {
  it.each(["unread", "partly read", "destroyed"])(
    "is heard, and the rest of the body is taken without being kept (%s)",
    async (how) => {
      const harness = await startHarness(async ({ body }) => {
        if (body.kind === "flowing" && how === "destroyed") body.stream.destroy();
        if (body.kind === "flowing" && how === "partly read") await once(body.stream, "readable");
        return harness.relay(Readable.from(["too large"]), {
          status: 413,
          headers: ["Content-Length", "9"],
        });
      });
      const caller = await RawCaller.to(harness.port);
      caller.write("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nbegin");
      await caller.saw("too large");
      caller.write(Buffer.alloc(1_000_000 - 5));
      caller.write(get);
      await harness.until(() => harness.received.length === 2);
      expect(harness.received[1]?.body).toEqual({ kind: "none" });
    },
  );

  it("ends the connection of a caller who never sends the rest", async () => {
    const harness = await startHarness(
      () => harness.relay(Readable.from(["no"]), { headers: ["Content-Length", "2"] }),
      { timeouts: { lingerMs: 30 } },
    );
    const caller = await RawCaller.to(harness.port);
    caller.write("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbegin");
    await caller.closed;
    expect(caller.text).toMatch(/no$/);
  });
});

describe("a stack that fails", () => {
  it("becomes an error of ours, reported once", async () => {
    const harness = await startHarness(() => {
      throw new Error("bug");
    });
    const seen = await send(harness.port, { path: "/v1/messages/count_tokens", body: "{}" });
    expect(seen.status).toBe(500);
    expect(JSON.parse(seen.body.toString())).toMatchObject({ type: "error" });
    expect(valuesOf(seen.headers, "x-sidestep-reason")).toEqual(["fault_contained"]);
    expect(harness.faults).toHaveLength(1);
  });

  it("does not spoil the reply with an `ended` that throws", async () => {
    const harness = await startHarness(() => ({
      ...harness.relay(Readable.from(["fine"])),
      verdict: verdictOf(),
      ended: () => {
        throw new Error("bug");
      },
    }));
    expect((await send(harness.port)).body.toString()).toBe("fine");
    await harness.until(() => harness.faults.length === 1);
    await harness.until(() => harness.server.counts().calls === 0);
  });

  it("before it can even be asked drops the call, reported once", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from([])), {
      current: () => {
        throw new Error("no policy");
      },
    });
    await expect(send(harness.port)).rejects.toThrow(/hang up|ECONNRESET/);
    expect(harness.faults).toHaveLength(1);
    expect(harness.server.counts().calls).toBe(0);
  });

  it("with a reply that cannot be written becomes an error of ours", async () => {
    const harness = await startHarness(() => ({
      kind: "stored",
      stored: { status: 200, headers: ["bad name", "x"], body: Buffer.from("x") },
      verdict: verdictOf(),
      ended: harness.ending,
    }));
    expect((await send(harness.port)).status).toBe(500);
    await harness.until(() => harness.endings.length === 1);
    expect(harness.faults).toHaveLength(1);
  });
});
