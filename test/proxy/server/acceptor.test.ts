/** Callers who come in a burst, while the process is busy with something else. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { startHarness, type Harness } from "./harness.ts";

let harness: Harness;

afterEach(async () => {
  await harness.close();
});

const started = (): Promise<Harness> => startHarness(() => harness.relay(Readable.from(["x"])));

/** Connects so many times and says how many came through within five seconds; it keeps none of them. */
const callers = `
  const [port, wanted] = process.argv.slice(1).map(Number);
  const { connect } = require("node:net");
  let come = 0;
  const told = () => { console.log(come); process.exit(0); };
  for (let at = 0; at < wanted; at += 1)
    connect(port, "127.0.0.1").on("error", () => {}).once("connect", () => { if (++come === wanted) told(); });
  setTimeout(told, 5000);
`;

/** Nothing of this process moves meanwhile: it is as busy as can be. */
function comeThrough(port: number, wanted: number): number {
  const args = ["-e", callers, String(port), String(wanted)];
  return Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

describe("callers who come while the process is busy", () => {
  it("wait in the system, a thousand and more of them", async () => {
    harness = await started();
    const most = Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8"));
    const wanted = Math.min(1500, most);
    expect(comeThrough(harness.port, wanted)).toBe(wanted);
  });

  it("are let in several at a turn of its loop", async () => {
    harness = await started();
    let turns = 0;
    const count = (): void => {
      turns += 1;
      turning = setImmediate(count);
    };
    expect(comeThrough(harness.port, 200)).toBe(200);
    let come = 0;
    let turning = setImmediate(count);
    const { server } = harness;
    let before = 0;
    // Those that have left meanwhile are let in all the same, and go at once.
    await harness.until(() => {
      const { connections } = server.counts();
      come += Math.max(0, connections - before);
      before = connections;
      return come > 0 && connections === 0;
    });
    clearImmediate(turning);
    expect(turns).toBeLessThan(150);
  });
});

describe("an address", () => {
  it("is refused to a second listener, though the first one has several sockets on it", async () => {
    harness = await started();
    const [address] = harness.server.addresses;
    const second = startHarness(() => Promise.reject(new Error("never called")), {
      addresses: address === undefined ? [] : [address],
    });
    await expect(second).rejects.toThrow("EADDRINUSE");
  });
});
