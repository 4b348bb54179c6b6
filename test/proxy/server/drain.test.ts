/** Stopping: nothing that is under way is cut within the grace period. */
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { drain } from "../../../proxy/server/drain.ts";
import {
  begin,
  closeHarnesses,
  drained,
  fed,
  RawCaller,
  send,
  startHarness,
  until,
} from "./harness.ts";

afterEach(closeHarnesses);

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

describe("a sidecar that stops", () => {
  it("lets streams run to their end, and serves new calls meanwhile", async () => {
    const first = fed();
    const bodies: Readable[] = [first, Readable.from(["second"])];
    const harness = await startHarness(() => harness.relay(bodies.shift() ?? fed()));
    const response = await begin(harness.port, { method: "GET" });
    let isDone = false;
    const draining = drain(harness.server, { graceMs: 60_000, quietMs: 1, acceptsNew: true });
    void draining.then(() => (isDone = true));
    expect((await send(harness.port, { method: "GET" })).body.toString()).toBe("second");
    // The quiet time has long passed, but an open stream is not quiet.
    expect(isDone).toBe(false);
    first.push("whole");
    first.push(null);
    expect((await drained(response)).toString()).toBe("whole");
    expect(await draining).toEqual({ cut: 0 });
    expect(harness.endings).toEqual(["complete", "complete"]);
    expect(harness.server.counts().connections).toBe(0);
    await expect(send(harness.port)).rejects.toThrow("ECONNREFUSED");
  });

  it("closes idle and silent connections at the end of the quiet time", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from(["x"])));
    const silent = await RawCaller.to(harness.port);
    const idle = await RawCaller.to(harness.port);
    idle.write(get);
    await idle.saw("0\r\n\r\n");
    await harness.until(() => harness.server.counts().calls === 0);
    await drain(harness.server, { graceMs: 60_000, quietMs: 1, acceptsNew: true });
    await Promise.all([silent.closed, idle.closed]);
  });

  it("cuts what is left when the grace period ends, and says how much", async () => {
    const body = fed();
    const harness = await startHarness(() => harness.relay(body));
    const caller = await RawCaller.to(harness.port);
    caller.write(get);
    await caller.saw("\r\n\r\n");
    const report = await drain(harness.server, { graceMs: 30, quietMs: 1, acceptsNew: true });
    expect(report).toEqual({ cut: 1 });
    await caller.closed;
    await until(() => body.destroyed);
    expect(harness.endings).toEqual(["aborted"]);
  });

  it.each(["before", "meanwhile"])("ends at once on a second signal (%s)", async (when) => {
    const harness = await startHarness(() => harness.relay(fed()));
    const caller = await RawCaller.to(harness.port);
    caller.write(get);
    await caller.saw("\r\n\r\n");
    const now = new AbortController();
    if (when === "before") now.abort();
    const draining = drain(harness.server, {
      graceMs: 60_000,
      quietMs: 60_000,
      acceptsNew: true,
      now: now.signal,
    });
    now.abort();
    expect(await draining).toEqual({ cut: 1 });
    await caller.closed;
  });
});

describe("a gateway that stops", () => {
  it("refuses new connections at once, and closes each connection after its call", async () => {
    const body = fed();
    const gate = Promise.withResolvers<void>();
    const harness = await startHarness(async (received) => {
      if (received.head.target === "/late") await gate.promise;
      return harness.relay(received.head.target === "/late" ? Readable.from(["late"]) : body);
    });
    const open = await RawCaller.to(harness.port);
    open.write(get);
    const late = await RawCaller.to(harness.port);
    late.write("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
    const silent = await RawCaller.to(harness.port);
    await harness.until(() => harness.received.length === 2);
    const draining = drain(harness.server, { graceMs: 60_000, quietMs: 60_000, acceptsNew: false });
    await expect(send(harness.port)).rejects.toThrow("ECONNREFUSED");
    await silent.closed;
    gate.resolve();
    await late.closed;
    expect(late.text).toMatch(/Connection: close\r\n[^]*late/);
    body.push("end");
    body.push(null);
    expect(await draining).toEqual({ cut: 0 });
    expect(open.text).toMatch(/end\r\n0\r\n\r\n$/);
    expect(harness.endings.toSorted()).toEqual(["complete", "complete"]);
  });
});
