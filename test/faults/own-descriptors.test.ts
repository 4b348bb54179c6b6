/** No file can be opened any more: calls that were let in go through, others are refused at the door, and it passes by itself. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { ask, changedOnTheWay, eventsOf, metric, noticed } from "../support/application.ts";
import { RawCaller, until } from "../proxy/server/harness.ts";
import { adminJson, eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

let cloud: SimulatedCloud;
let sidecar: Sidecar;

/** Far fewer than any system gives, and enough for 36 connections with a call each. */
const files = 200;

// Each test has its own: what a flood leaves behind is not the next one's concern.
beforeEach(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
  sidecar = await startSidecar({
    under: ["prlimit", `--nofile=${files}:${files}`],
    policy: `version: 1
model: null
providers:
  openai: { url: ${cloud.url}/v1 }
  named: { url: "${cloud.url.replace("127.0.0.1", "localhost")}/v1", timeouts: { connect: 30s } }
`,
  });
});

afterEach(async () => {
  await sidecar?.stop();
  await cloud?.close();
});

async function callers(count: number): Promise<readonly Socket[]> {
  const { port } = new URL(sidecar.url);
  const sockets = Array.from({ length: count }, () => connect(Number(port), "127.0.0.1"));
  for (const socket of sockets) socket.on("error", () => undefined);
  await Promise.all(sockets.map((socket) => once(socket, "connect").catch(() => null)));
  return sockets;
}

const openFiles = (): number => readdirSync(`/proc/${sidecar.process.pid}/fd`).length;

/** A call whose reply does not end until the cloud lets it. */
function stream(text: string): Promise<Response> {
  cloud.state.faults.add([{ kind: "stall", afterBytes: 100, durationMs: 4000, match: { text } }]);
  return fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "m", stream: true, messages: [{ role: "user", content: text }] }),
  });
}

describe("more callers than there are files to open", () => {
  it("finds room for as many calls as connections were let in, and refuses the others at the door", async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, (_, at) => stream(`long ${at}`)));
    const flood = await callers(300);
    const calls = await Promise.all(
      Array.from({ length: 10 }, (_, at) => ask(sidecar.url, `${at}`)),
    );
    expect(noticed(calls.filter(({ status }) => status !== 0))).toEqual([]);
    for (const reply of streams) expect(await reply.text()).toMatch(/data: \[DONE\]\n\n$/u);
    expect(openFiles()).toBeLessThan(files);
    for (const socket of flood) socket.destroy();
    const later = await eventually(async () => {
      const call = await ask(sidecar.url, "later");
      return call.status === 200 ? call : null;
    });
    expect(changedOnTheWay([...calls.filter(({ status }) => status !== 0), later], cloud)).toEqual(
      [],
    );
    expect(
      await metric(sidecar, /^sidestep_connections_refused_total ([1-9]\d*)/mu),
    ).not.toBeNull();
    expect(eventsOf(sidecar, "connections_refused")).toMatchObject([{ level: "warn", most: 36 }]);
    expect(await adminJson(sidecar, "/policy")).toMatchObject({ capacity: { connections: 36 } });
  });
});

/** Lowers or raises the limit of the running program. */
function allow(count: number): void {
  execFileSync("prlimit", [`--pid=${sidecar.process.pid}`, `--nofile=${count}:${files}`]);
}

describe("files that run out while a call is to be sent on", () => {
  it("make the call wait for one, and blame no provider", async () => {
    const caller = await RawCaller.to(Number(new URL(sidecar.url).port));
    caller.write("GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n");
    await caller.saw(/"object":"list"[^]*\}$/u);
    const page = await RawCaller.to(Number(new URL(sidecar.admin).port));
    const looked = async (times: number): Promise<void> => {
      page.write("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await until(() => page.text.split("HTTP/1.1 200").length > times);
    };
    // Let in, and not only waiting in the system, from where no file can be had below.
    await looked(1);
    allow(3);
    // By a name, which has to be looked up, and which no kept connection leads to.
    caller.write("GET /named/v1/models?again HTTP/1.1\r\nHost: a\r\n\r\n");
    for (let times = 2; times <= 30; times += 1) await looked(times);
    allow(files);
    await caller.saw(/HTTP\/1.1 200[^]*HTTP\/1.1 \d+[^]*\}$/u);
    expect(caller.text.match(/HTTP\/1.1 \d+/gu)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200"]);
    page.socket.destroy();
    expect(cloud.state.journal.entries().at(-1)?.url).toBe("/v1/models?again");
    const { targets } = v.parse(targetsPage, await adminJson(sidecar, "/targets"));
    expect(targets.filter(({ failures, state }) => failures > 0 || state !== "closed")).toEqual([]);
    caller.socket.destroy();
  });
});

const targetsPage = v.object({
  targets: v.array(v.looseObject({ failures: v.number(), state: v.string() })),
});
