/** Connections that live long: nobody sees a reset that is not the provider's. */
import { Agent, request as httpRequest } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { defaultTimeouts } from "../../proxy/server/timeouts.ts";
import { drained, RawCaller, until, valuesOf } from "../proxy/server/harness.ts";
import { createScriptedUpstream, type ScriptedUpstream } from "../support/scripted-upstream.ts";
import {
  expectNothingLeft,
  forwardingPolicy,
  metricsOf,
  recordOf,
  startRig,
  type FaultRig,
} from "./rig.ts";

let upstream: ScriptedUpstream;
let rig: FaultRig;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  upstream = await createScriptedUpstream();
  rig = await startRig(forwardingPolicy({ "": { url: upstream.url } }));
});

afterAll(async () => {
  agent.destroy();
  await rig?.sidecar.stop();
  await upstream?.close();
});

afterEach(() => upstream.play({}));

interface Kept {
  readonly status: number;
  readonly headers: readonly string[];
  readonly isReused: boolean;
}

/** A call on the one connection that the agent keeps. */
async function sendKept(method: string, path: string, body = ""): Promise<Kept> {
  const request = httpRequest({
    host: "127.0.0.1",
    port: rig.port,
    agent,
    method,
    path,
    headers: body === "" ? {} : { "content-type": "application/json" },
  });
  request.end(body);
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (reply) => {
      const { statusCode: status = 0, rawHeaders: headers } = reply;
      const seen = { status, headers, isReused: request.reusedSocket };
      drained(reply).then(() => resolve(seen), reject);
    });
  });
}

describe("a caller's kept connection", () => {
  /** Seconds after which common clients close an idle connection of theirs. */
  const clients = {
    node: 5,
    undici: 4,
    httpx: 5,
    aiohttp: 15,
    jdk: 30,
    dotnet: 60,
    go: 90,
    okhttp: 300,
  };

  it("outlives every common client's patience, so that it is the client who closes", async () => {
    expect(defaultTimeouts.idleMs / 1000).toBeGreaterThan(Math.max(...Object.values(clients)));
    const { headers } = await sendKept("GET", "/v1/models");
    const [hint = "timeout=1000"] = valuesOf(headers, "keep-alive");
    expect(Number(/\d+/.exec(hint)?.[0])).toBeGreaterThanOrEqual(600);
  });

  it("serves on whatever the provider does before a reply begins", async () => {
    const scripts = [
      {},
      { fault: { phase: "before-headers", kind: "reset" } },
      { status: 429, headers: ["Retry-After", "1"] },
      { fault: { phase: "mid-headers", kind: "garbage" } },
      { status: 413, when: "head", isLast: true },
      { status: 500, body: "no", framing: "chunked" },
      { body: "whole", framing: "close" },
    ] as const;
    await sendKept("GET", "/v1/models");
    const opened = (await metricsOf(rig.sidecar)).get("sidestep_open_connections");
    for (let at = 0; at < 10 * scripts.length; at += 1) {
      upstream.play(scripts[at % scripts.length] ?? {});
      const path = at % 2 === 0 ? "/v1/chat/completions" : "/v1/containers";
      const { isReused } = await sendKept("POST", path, `{"at":${at}}`);
      expect([at, isReused]).toEqual([at, true]);
    }
    expect((await metricsOf(rig.sidecar)).get("sidestep_open_connections")).toBe(opened);
  });

  it("may carry the next calls before the first is answered; each has its own end, in order", async () => {
    upstream.queue(
      { body: "first" },
      { body: "second", framing: "chunked", fault: { phase: "before-last-chunk", kind: "reset" } },
      { body: "third" },
    );
    const caller = await RawCaller.to(rig.port);
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    caller.write(get("/v1/a"));
    await until(() => upstream.exchanges.at(-1)?.head.target === "/v1/a");
    caller.write(get("/v1/b"));
    await until(() => upstream.exchanges.at(-1)?.head.target === "/v1/b");
    caller.write(get("/v1/c"));
    await caller.closed;
    expect(caller.text).toMatch(/first[^]*second/);
    // The second reply is not whole, and nothing behind it can be told from it.
    expect(caller.text).not.toMatch(/\r\n0\r\n\r\n|third/);
  });
});

describe("a kept connection to the provider that breaks just as a call is sent", () => {
  const breaks = { when: "head", fault: { phase: "before-headers", kind: "reset" } } as const;

  it("is a reset that says it may be tried again, and the call is sent once", async () => {
    await sendKept("GET", "/v1/models");
    const before = upstream.exchanges.length;
    upstream.queue(breaks);
    const { status, headers } = await sendKept("POST", "/v1/chat/completions", "{}");
    expect([status, valuesOf(headers, "x-should-retry")]).toEqual([502, ["true"]]);
    const [id = ""] = valuesOf(headers, "x-sidestep-request-id");
    expect(await recordOf(rig.sidecar, id)).toMatchObject({ reason: "upstream_reset" });
    expect(upstream.exchanges.length).toBe(before + 1);
    expect(upstream.exchanges[before]?.connection).toBe(upstream.exchanges[before - 1]?.connection);
  });

  it("is nothing to a GET, which is sent on another", async () => {
    await sendKept("GET", "/v1/models");
    const before = upstream.exchanges.length;
    upstream.queue(breaks);
    expect((await sendKept("GET", "/v1/models")).status).toBe(200);
    expect(upstream.exchanges.length).toBe(before + 2);
  });
});

describe("afterwards", () => {
  it("nothing is left: no socket, no call, no fault of ours", async () => {
    agent.destroy();
    await expectNothingLeft(rig, [upstream]);
  });
});
