/** Nobody gets in: callers cannot choose where calls go, add lines to them or keep lines in them, and web pages cannot use the admin port. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RawCaller, send, until, valuesOf } from "../proxy/server/harness.ts";
import {
  dataFrame,
  errorCodes,
  headersFrame,
  preface,
  type FieldLines,
} from "../support/raw-http2.ts";
import { createScriptedUpstream, type ScriptedUpstream } from "../support/scripted-upstream.ts";
import { eventually, startSidecar } from "../support/sidecar.ts";
import { expectNothingLeft, forwardingPolicy, startRig, type FaultRig } from "./rig.ts";
import { strangerRows } from "./stranger-table.ts";

let upstream: ScriptedUpstream;
/** Somebody whom the policy does not name. */
let stranger: ScriptedUpstream;
let rig: FaultRig;

beforeAll(async () => {
  [upstream, stranger] = await Promise.all([createScriptedUpstream(), createScriptedUpstream()]);
  rig = await startRig(forwardingPolicy({ "": { url: upstream.url } }));
});

afterAll(async () => {
  await rig?.sidecar.stop();
  await Promise.all([upstream?.close(), stranger?.close()]);
});

/** Everything that comes back to bytes written by hand, up to the first head. */
async function answerTo(bytes: string | Buffer): Promise<string> {
  const caller = await RawCaller.to(rig.port);
  caller.write(Buffer.from(bytes.toString("latin1"), "latin1"));
  await caller.saw("\r\n\r\n");
  caller.socket.destroy();
  return caller.text;
}

describe("a caller cannot choose the provider by", () => {
  const host = (): string => `127.0.0.1:${stranger.port}`;

  it.each(strangerRows)("$name", async ({ bytes, target }) => {
    const before = upstream.exchanges.length;
    const text = await answerTo(bytes.replaceAll("EVIL", host()));
    expect(text).toMatch(target === null ? /^HTTP\/1\.1 40[05] / : /^HTTP\/1\.1 200 /);
    const seen = upstream.exchanges.slice(before).map(({ head }) => head);
    expect(seen.map((head) => head.target)).toEqual(
      target === null ? [] : [target.replaceAll("EVIL", host())],
    );
    for (const { headers } of seen) {
      expect(valuesOf(headers, "host")).toEqual([`127.0.0.1:${upstream.port}`]);
    }
  });

  it("the authority of HTTP/2", async () => {
    const before = upstream.exchanges.length;
    const caller = await RawCaller.to(rig.port);
    const lines = requestLines("/v1/x", [["host", host()]]).with(3, [":authority", host()]);
    caller.write(Buffer.concat([preface, headersFrame(1, lines, true)]));
    await eventually(() => upstream.exchanges.length > before || null);
    caller.socket.destroy();
  });

  it("a redirect of the provider, which is the caller's to follow", async () => {
    const location = `http://${host()}/v1/x`;
    upstream.queue({ status: 307, headers: ["Location", location] });
    const { status, headers } = await send(rig.port, { method: "GET" });
    expect([status, valuesOf(headers, "location")]).toEqual([307, [location]]);
  });

  it("any of these: the stranger has seen nobody", () => {
    expect(stranger.connections).toBe(0);
  });
});

function requestLines(path: string, more: FieldLines = [], method = "POST"): FieldLines {
  return [
    [":method", method],
    [":path", path],
    [":scheme", "http"],
    [":authority", "localhost"],
    ...more,
  ];
}

describe("a malformed request over HTTP/2 reaches nobody:", () => {
  const body = dataFrame(1, "{ }", true);
  const path = "/v1/chat/completions";
  const headed = (more: FieldLines): Buffer =>
    Buffer.concat([headersFrame(1, requestLines(path, more)), body]);
  const rows: Readonly<Record<string, Buffer>> = {
    "a transfer coding": headed([["transfer-encoding", "chunked"]]),
    "a connection line": headed([["connection", "close"]]),
    "an upgrade": headed([["upgrade", "websocket"]]),
    "a length below the body's": headed([["content-length", "2"]]),
    "a length above the body's": headed([["content-length", "5"]]),
    "two lengths": headed([
      ["content-length", "3"],
      ["content-length", "3"],
    ]),
    "a list of lengths": headed([["content-length", "3, 3"]]),
    "a name in upper case": headed([["X-A", "b"]]),
    "two hosts": headed([
      ["host", "b"],
      ["host", "c"],
    ]),
    "an unknown pseudo header": headed([[":evil", "b"]]),
    "two paths": headed([[":path", "/v1/other"]]),
    "a pseudo header behind others": Buffer.concat([
      headersFrame(1, [["x-a", "b"], ...requestLines(path)]),
      body,
    ]),
    "a path with a blank": Buffer.concat([headersFrame(1, requestLines(`${path} HTTP/1.1`)), body]),
    "a path with a line end": Buffer.concat([
      headersFrame(1, requestLines(`${path} HTTP/1.1\r\nX-A: b\r\n\r\n`)),
      body,
    ]),
    "a path that is none": Buffer.concat([headersFrame(1, requestLines("v1/x")), body]),
    "an empty path": Buffer.concat([headersFrame(1, requestLines("")), body]),
    "an absolute path": Buffer.concat([headersFrame(1, requestLines("http://evil/v1/x")), body]),
    "a method with a target in it": Buffer.concat([
      headersFrame(1, requestLines(path, [], "GET /v1/x HTTP/1.1\r\nA:")),
      body,
    ]),
    "no method": Buffer.concat([headersFrame(1, requestLines(path, [], "")), body]),
  };

  it.each(Object.entries(rows))("%s", async (_name, bytes) => {
    const before = upstream.exchanges.length;
    const caller = await RawCaller.to(rig.port);
    caller.write(Buffer.concat([preface, bytes]));
    await until(() => errorCodes(Buffer.from(caller.text, "latin1")).length > 0);
    caller.socket.destroy();
    await caller.closed;
    expect(upstream.exchanges.length).toBe(before);
  });
});

describe("header lines", () => {
  it("that Connection lists end here, in both directions", async () => {
    upstream.queue({
      headers: ["Connection", "X-Private", "X-Private", "1", "Keep-Alive", "timeout=1", "X-A", "b"],
    });
    const before = upstream.exchanges.length;
    const { headers } = await send(rig.port, {
      method: "GET",
      headers: ["Connection", "close, X-Own", "X-Own", "1", "TE", "gzip", "X-C", "d"],
    });
    const seen = upstream.exchanges[before]?.head.headers ?? [];
    expect(["x-own", "te"].flatMap((name) => valuesOf(seen, name))).toEqual([]);
    expect(valuesOf(headers, "x-private")).toEqual([]);
    expect([valuesOf(seen, "x-c"), valuesOf(headers, "x-a")]).toEqual([["d"], ["b"]]);
  });

  it("are not made by what stands encoded in a target", async () => {
    const before = upstream.exchanges.length;
    const path = "/v1/x%0d%0aX-Evil:%201%0d%0a?y=%0aX-Evil:1";
    await send(rig.port, { method: "GET", path });
    const head = upstream.exchanges[before]?.head;
    expect([head?.target, valuesOf(head?.headers ?? [], "x-evil")]).toEqual([path, []]);
  });

  it("of Sidestep's own are never a caller's to send on, and always ours on a reply", async () => {
    upstream.queue({ headers: ["x-sidestep-decision", "local", "X-Sidestep-Reason", "forged"] });
    const before = upstream.exchanges.length;
    const { headers } = await send(rig.port, {
      method: "GET",
      headers: ["X-Sidestep-Secret", "1", "x-sidestep-mode", "bypass"],
    });
    const seen = upstream.exchanges[before]?.head.headers ?? [];
    expect(seen.filter((part) => /^x-sidestep-/i.test(part))).toEqual([]);
    expect(valuesOf(headers, "x-sidestep-decision").at(-1)).toBe("forwarded");
  });
});

describe("the admin port", () => {
  const paths = ["/", "/policy", "/decisions", "/metrics", "/targets", "/explain?text=hi", "/mode"];
  const port = (): number => Number(new URL(rig.sidecar.admin).port);

  it.each([
    ["a name that somebody's DNS points here", ["Host", "rebound.example:4001"]],
    ["a name that begins like ours", ["Host", "localhost.example"]],
    ["another site's page", ["Host", "localhost", "Origin", "https://site.example"]],
    ["a page without an origin", ["Host", "localhost", "Origin", "null"]],
    [
      "a page whose address begins like ours",
      ["Host", "localhost", "Origin", "http://localhost.example"],
    ],
  ])("is closed to %s", async (_name, headers) => {
    for (const path of paths) {
      const { status, headers: lines, body } = await send(port(), { method: "GET", path, headers });
      expect([path, status]).toEqual([path, 403]);
      expect(lines.join()).not.toMatch(/access-control/i);
      expect(body.toString()).not.toContain("route");
    }
    const stop = { path: "/mode", headers, body: '{"mode":"observe"}' };
    expect((await send(port(), stop)).status).toBe(403);
    const open = await send(port(), { method: "GET", path: "/mode" });
    expect(open.body.toString()).toContain("enforce");
  });
});

describe("a start", () => {
  it("calls nobody", async () => {
    const env = {
      HTTP_PROXY: stranger.url,
      HTTPS_PROXY: stranger.url,
      http_proxy: stranger.url,
      https_proxy: stranger.url,
    };
    const before = stranger.connections;
    const quiet = await startSidecar({ policy: "version: 1\nmodel: support-v1\n", env });
    expect(stranger.connections).toBe(before);
    await quiet.stop();
  });
});

describe("afterwards", () => {
  it("nothing is left: no socket, no call, no fault of ours", async () => {
    await expectNothingLeft(rig, [upstream]);
  });
});
