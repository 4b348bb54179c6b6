/** How relayed replies end: providers that break off, callers who leave, and what counts as served. */
import { once } from "node:events";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { closeHarnesses, fed, RawCaller, startHarness } from "./harness.ts";

afterEach(closeHarnesses);

const get = "GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n";

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

  it("without saying why shows all the same", async () => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body));
    const caller = await RawCaller.to(harness.port);
    caller.write(get);
    body.push("partial");
    await caller.saw("partial");
    body.destroy();
    await caller.closed;
    expect(caller.text).not.toContain("\r\n0\r\n\r\n");
    expect(harness.endings).toEqual(["cut"]);
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
    expect(caller.text).toMatch(/^HTTP\/1.1 200 /);
    expect(caller.text).not.toContain("\r\n0\r\n\r\n");
    expect(harness.endings).toEqual(["cut"]);
  });

  it("right behind its head shows after the head", async () => {
    const body = fed();
    const harness = await startHarness(() => {
      queueMicrotask(() => body.destroy(new Error("garbage")));
      return harness.relay(body);
    });
    const caller = await RawCaller.to(harness.port);
    caller.write(get);
    await caller.closed;
    expect(caller.text).toMatch(/^HTTP\/1.1 200 [^]*\r\n\r\n$/);
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

  it("is another matter than one who leaves while it is still on its way", async () => {
    const size = 50_000_000;
    const body = Readable.from([Buffer.alloc(size)]);
    const harness = await startHarness(() =>
      harness.relay(body, { headers: ["Content-Length", String(size)] }),
    );
    const caller = await RawCaller.to(harness.port);
    caller.write(get);
    await caller.saw("\r\n\r\n");
    caller.socket.resetAndDestroy();
    await harness.until(() => harness.endings.length === 1);
    expect(harness.endings).toEqual(["aborted"]);
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
