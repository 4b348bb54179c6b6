/** Addresses: how they are written, bound, shared and refused. */
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { Readable } from "node:stream";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Reply } from "../../../proxy/core/reply.ts";
import {
  boundAddress,
  dataAddresses,
  defaultAdminAddress,
  formatAddress,
  isLoopback,
  parseAddress,
} from "../../../proxy/server/address.ts";
import { closeHarnesses, RawCaller, send, startHarness } from "./harness.ts";

afterEach(closeHarnesses);

const loopback = { host: "127.0.0.1", port: 0, isOptional: false };

describe("addresses as text", () => {
  it.each([
    ["127.0.0.1:4000", { host: "127.0.0.1", port: 4000 }],
    ["[::1]:0", { host: "::1", port: 0 }],
    ["localhost:65535", { host: "localhost", port: 65_535 }],
    [":4002", { host: "::", port: 4002 }],
    [" 4001 ", { host: "127.0.0.1", port: 4001 }],
  ])("%s is understood", (text, address) => {
    expect(parseAddress(text)).toEqual({ ...address, isOptional: false });
  });

  it.each(["", "localhost", "::1:4000", "a:b", "127.0.0.1:65536", "[::1]", "http://a:1", "a b:1"])(
    "%j is refused with an example",
    (text) => {
      expect(() => parseAddress(text)).toThrow(/host:port, for example/);
    },
  );

  it("of callers are, by a port alone, both of loopback, IPv6 where there is one; by nothing, those of 4000", () => {
    const both = (port: number) => [
      { host: "127.0.0.1", port, isOptional: false },
      { host: "::1", port, isOptional: true },
    ];
    expect(dataAddresses([])).toEqual(both(4000));
    const other = { host: "10.0.0.1", port: 80, isOptional: false };
    expect(dataAddresses([" 4010 ", "10.0.0.1:80"])).toEqual([...both(4010), other]);
    expect(() => dataAddresses(["65536"])).toThrow(/host:port, for example/);
  });

  it("are written as they are read", () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
    fc.assert(
      fc.property(host, fc.integer({ min: 0, max: 65_535 }), (name, port) => {
        const address = { host: name, port, isOptional: false };
        expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
    );
  });

  it("tell loopback from what others can reach", () => {
    const near = ["127.0.0.1", "127.9.8.7", "localhost", "LOCALHOST", "::1", "::ffff:127.0.0.1"];
    const far = ["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.evil.example", "localhost.evil", ""];
    expect(near.filter(isLoopback)).toEqual(near);
    expect(far.filter(isLoopback)).toEqual([]);
    expect([...dataAddresses([]), defaultAdminAddress].every(({ host }) => isLoopback(host))).toBe(
      true,
    );
  });

  it("of a pipe are none", () => {
    expect(() => boundAddress("/tmp/pipe")).toThrow(TypeError);
  });
});

describe("the data listener", () => {
  it("serves several addresses, which share the port that is picked for 0", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from(["x"])), {
      addresses: [loopback, { host: "127.0.0.2", port: 0, isOptional: false }],
    });
    const [first, second] = harness.server.addresses;
    expect(second).toEqual({ host: "127.0.0.2", port: first?.port, isOptional: false });
    expect((await send(harness.port)).body.toString()).toBe("x");
  });

  it("only warns when the machine lacks an optional address", async () => {
    const missing = { host: "192.0.2.1", port: 0, isOptional: true };
    const harness = await startHarness(() => harness.relay(Readable.from([])), {
      addresses: [loopback, missing],
    });
    expect(harness.server.addresses).toHaveLength(1);
    expect(harness.warnings).toEqual([expect.stringContaining("192.0.2.1")]);
  });

  it("fails, leaving nothing open, when it cannot have what it must", async () => {
    const taken: Server = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = boundAddress(taken.address());
    const addresses = [
      { host: "127.0.0.2", port, isOptional: false },
      { host: "127.0.0.1", port, isOptional: true },
    ];
    const step = (): Promise<Reply> => Promise.reject(new Error("never called"));
    await expect(startHarness(step, { addresses })).rejects.toThrow("EADDRINUSE");
    const again: Server = createServer().listen(port, "127.0.0.2");
    await once(again, "listening");
    again.close();
    taken.close();
  });

  it("closes twice without complaint, and leaves no socket", async () => {
    const harness = await startHarness(() => harness.relay(Readable.from(["x"])));
    const caller = await RawCaller.to(harness.port);
    await harness.until(() => harness.server.counts().connections === 1);
    await harness.server.close();
    await harness.server.close();
    await caller.closed;
    expect(harness.server.counts()).toMatchObject({ connections: 0, calls: 0, tunnels: 0 });
    await expect(send(harness.port)).rejects.toThrow("ECONNREFUSED");
  });
});

describe("the process", () => {
  it("is not kept alive by a listener that was closed", async () => {
    const kinds = (): string[] =>
      process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind));
    const before = kinds().length;
    const harness = await startHarness(() => harness.relay(Readable.from(["x"])));
    const seen = await send(harness.port, { body: "abc" });
    expect(seen.status).toBe(200);
    await harness.close();
    await harness.until(() => kinds().length <= before);
  });
});
