/** Replies of a provider on their way to the caller: bytes, heads, pace, trailers, and how they end. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import {
  begin,
  bytesOf,
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
    for (const headers of [[], ["Content-Length", "5"]]) {
      const harness = await startHarness(() =>
        harness.relay(Readable.from(["hello"]), { headers }),
      );
      const caller = await RawCaller.to(harness.port);
      caller.write(get);
      await caller.saw(headers.length > 0 ? /hello$/ : /0\r\n\r\n$/);
      expect(caller.reads).toHaveLength(1);
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

describe("a provider that breaks off", () => {
  it.each([
    ["with chunks", []],
    ["with a length", ["Content-Length", "50"]],
  ])("shows to a caller %s, after the bytes that came", async (_name, headers) => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body, { headers }));
    const caller = await RawCaller.to(harness.port);
    caller.write(get);
    body.push("partial");
    await caller.saw("partial");
    body.destroy(new Error("reset"));
    await caller.closed;
    expect(caller.text).not.toContain("\r\n0\r\n\r\n");
    expect(harness.endings).toEqual(["cut"]);
    expect(harness.received[0]?.signal.aborted).toBe(false);
  });

  it("shows to an HTTP/1.0 caller as a reset, since a plain close would mean success", async () => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body));
    const caller = await RawCaller.to(harness.port);
    let code = "";
    caller.socket.on("error", (error) => {
      code = "code" in error ? String(error.code) : "";
    });
    caller.write("GET / HTTP/1.0\r\n\r\n");
    body.push("partial");
    await caller.saw("partial");
    body.destroy(new Error("reset"));
    await caller.closed;
    expect(code).toBe("ECONNRESET");
  });

  it("before the relay begins shows as well", async () => {
    const body = fed();
    body.on("error", () => undefined);
    const harness = await startHarness(async () => {
      body.destroy(new Error("reset"));
      await new Promise((resolve) => body.once("close", resolve));
      return harness.relay(body);
    });
    const caller = await RawCaller.to(harness.port);
    caller.write(get);
    await caller.closed;
    expect(caller.text).not.toContain("\r\n0\r\n\r\n");
    expect(harness.endings).toEqual(["cut"]);
  });

  it("behind a reply that is still going out does not harm that one", async () => {
    const first = fed();
    const second = fed();
    const bodies = [first, second];
    const harness = await startHarness(() => harness.relay(bodies.shift() ?? fed()));
    const caller = await RawCaller.to(harness.port);
    caller.write(get + get);
    await harness.until(() => harness.received.length === 2);
    second.push("never whole");
    second.destroy(new Error("reset"));
    await harness.until(() => harness.endings.length === 1);
    first.push("whole");
    first.push(null);
    await caller.closed;
    expect(caller.text).toMatch(/whole\r\n0\r\n\r\n/);
    expect(caller.text.match(/0\r\n\r\n/g)).toHaveLength(1);
    expect(harness.endings).toEqual(["cut", "complete"]);
  });
});

describe("a caller who leaves", () => {
  it("while the body comes in leaves nothing behind", async () => {
    const harness = await startHarness(() => harness.relay(fed()));
    const caller = await RawCaller.to(harness.port);
    caller.write(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    );
    await harness.until(() => harness.server.counts().calls === 1);
    caller.socket.destroy();
    await harness.until(() => harness.server.counts().calls === 0);
    expect(harness.received).toEqual([]);
    expect(harness.faults).toEqual([]);
  });

  it.each(["end", "reset"] as const)(
    "before the reply begins (%s) is told to the stack",
    async (how) => {
      const gate = Promise.withResolvers<void>();
      const body = fed();
      const harness = await startHarness(async () => {
        await gate.promise;
        return harness.relay(body);
      });
      const caller = await RawCaller.to(harness.port);
      caller.write(get);
      await harness.until(() => harness.received.length === 1);
      if (how === "end") caller.socket.end();
      else caller.socket.resetAndDestroy();
      await harness.until(() => harness.received[0]?.signal.aborted === true);
      gate.resolve();
      await harness.until(() => harness.endings.length === 1);
      expect(harness.endings).toEqual(["aborted"]);
      expect(body.destroyed).toBe(true);
      await harness.until(() => harness.server.counts().calls === 0);
    },
  );

  it.each(["end", "reset"] as const)(
    "in the middle (%s) ends the provider's reply",
    async (how) => {
      const body = fed();
      const harness = await startHarness(() => harness.relay(body));
      const caller = await RawCaller.to(harness.port);
      caller.write(get);
      body.push("some");
      await caller.saw("some");
      if (how === "end") caller.socket.end();
      else caller.socket.resetAndDestroy();
      await harness.until(() => body.destroyed);
      expect(harness.endings).toEqual(["aborted"]);
      expect(harness.received[0]?.signal.aborted).toBe(true);
    },
  );

  it("takes the calls queued behind with him", async () => {
    const bodies = [fed(), fed()];
    const harness = await startHarness((received) =>
      harness.relay(bodies[received.head.target === "/0" ? 0 : 1] ?? fed()),
    );
    const caller = await RawCaller.to(harness.port);
    caller.write("GET /0 HTTP/1.1\r\nHost: a\r\n\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    await harness.until(() => harness.received.length === 2);
    caller.socket.resetAndDestroy();
    await harness.until(() => bodies.every((body) => body.destroyed));
    expect(harness.endings).toEqual(["aborted", "aborted"]);
  });

  it("and takes no bytes for too long is let go", async () => {
    const body = new Readable({
      read() {
        this.push(Buffer.alloc(65_536));
      },
    });
    const harness = await startHarness(() => harness.relay(body), { timeouts: { stallMs: 60 } });
    const caller = await RawCaller.to(harness.port);
    caller.socket.pause();
    caller.write(get);
    await harness.until(() => harness.endings.length === 1);
    expect(harness.endings).toEqual(["aborted"]);
    expect(body.destroyed).toBe(true);
  });
});

/** Body bytes in a raw reply, chunk sizes not counted. */
function bodySize(text: string): number {
  const body = text.slice(text.indexOf("\r\n\r\n") + 2);
  return body
    .replaceAll(/\r\n[0-9a-f]+\r\n/g, "")
    .replace(/^\r\n/, "")
    .replace(/\r\n$/, "").length;
}

describe("a caller who leaves with all there was to have", () => {
  const stream = ["Content-Type", "text/event-stream; charset=utf-8"];
  const lasts: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["[DONE]", stream, ['data: {"a":1}\n\n', "data: [DO", "NE]\n\n"]],
    ["message_stop", stream, ['event: message_stop\ndata: {"type":"message_stop"', " }\n", "\n"]],
    [
      "response.completed",
      stream,
      ["data: {}\n\nevent: respon", 'se.completed\ndata: {"x":"', "y".repeat(5_000), '"}\r\n\r\n'],
    ],
    ["a whole length", ["Content-Length", "4"], ["ab", "cd"]],
  ];

  it.each(lasts)("after %s counts as served", async (_name, headers, parts) => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body, { headers }), {
      timeouts: { lingerMs: 40 },
    });
    const caller = await RawCaller.to(harness.port);
    caller.write(get);
    let seen = 0;
    for (const part of parts) {
      body.push(part);
      seen += part.length;
      await harness.until(() => bodySize(caller.text) >= seen);
    }
    caller.socket.resetAndDestroy();
    await harness.until(() => harness.endings.length === 1);
    expect(harness.endings).toEqual(["complete"]);
    expect(harness.received[0]?.signal.aborted).toBe(false);
    // The provider has a moment to say that it is done; this one does not.
    await harness.until(() => body.destroyed);
  });

  it("lets the provider end, so that its connection can be used again", async () => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body, { headers: stream }));
    const caller = await RawCaller.to(harness.port);
    caller.write(get);
    body.push("data: [DONE]\n\n");
    await caller.saw("[DONE]\n\n");
    caller.socket.destroy();
    await harness.until(() => harness.endings.length === 1);
    body.push(null);
    await once(body, "end");
    expect(harness.endings).toEqual(["complete"]);
  });

  it("is another matter than text that only looks like an end", async () => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body, { headers: stream }));
    const caller = await RawCaller.to(harness.port);
    caller.write(get);
    body.push('data: {"t":"data: [DONE]\\n\\n event: message_stop"}\n\n');
    await caller.saw("message_stop");
    caller.socket.destroy();
    await harness.until(() => harness.endings.length === 1);
    expect(harness.endings).toEqual(["aborted"]);
  });
});

describe("a provider that replies before the body has come", () => {
  it("is heard, and the rest of the body is taken without being kept", async () => {
    const harness = await startHarness((received) => {
      if (received.body.kind === "flowing") received.body.stream.destroy();
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
    expect(await bytesOf(harness.received[1]?.body ?? { kind: "none" })).toHaveLength(0);
  });

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
});
