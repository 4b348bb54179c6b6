/** Log lines as a reader of standard error sees them: JSON, bounded, without content or secrets, never waited for. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, connect, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { setImmediate as turnEnd } from "node:timers/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createLog, levelNamed, type Log } from "../../../proxy/telemetry/log.ts";
import { forwardedVerdict, recordOf, verdictOf } from "./records.ts";

type Line = Readonly<Record<string, unknown>>;

function sunk(level: "debug" | "info" | "warn" | "error" = "info"): [Log, PassThrough] {
  const sink = new PassThrough();
  return [createLog({ sink, level }), sink];
}

async function linesIn(sink: PassThrough): Promise<Line[]> {
  // The log holds a turn's lines back until the turn is over.
  await turnEnd();
  const text: unknown = sink.read();
  const lines = Buffer.isBuffer(text) ? text.toString().trimEnd().split("\n") : [];
  return lines.map((line): Line => JSON.parse(line));
}

describe("log lines", () => {
  it("tell each settled call in one flat object", async () => {
    const [log, sink] = sunk();
    log.record(recordOf({ overheadMs: 2.123456 }));
    const [line, ...more] = await linesIn(sink);
    expect(more).toEqual([]);
    expect(line).toMatchObject({
      level: "info",
      event: "call",
      id: "req-1",
      method: "POST",
      path: "/v1/chat/completions",
      protocol: "openai-chat",
      model: "gpt-4o-mini",
      stream: false,
      status: 200,
      ending: "complete",
      decision: "local",
      reason: "answered_template",
      route: "greeting",
      confidence: 0.97,
      wouldDecision: null,
      savedUsd: 0.0005,
      inputTokens: 12,
      isUsageEstimate: true,
      overheadMs: 2.123,
      policy: "abcdef012345",
    });
    expect(line?.["time"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(
      Object.values(line ?? {}).every((value) => typeof value !== "object" || value === null),
    ).toBe(true);
  });

  it("warn of server errors and broken replies, and of nothing else", async () => {
    const [log, sink] = sunk("warn");
    log.record(recordOf());
    log.record(recordOf({ status: 404 }));
    log.record(recordOf({ id: "bad", status: 502 }));
    log.record(recordOf({ id: "cut", ending: "cut" }));
    expect((await linesIn(sink)).map((line) => line["id"])).toEqual(["bad", "cut"]);
  });

  it.each([
    ["debug", 4],
    ["info", 3],
    ["warn", 2],
    ["error", 1],
  ] as const)("at level %s are %i of one of each level", async (level, count) => {
    const [log, sink] = sunk(level);
    for (const each of ["debug", "info", "warn", "error"] as const) log.event(each, "tick");
    expect(await linesIn(sink)).toHaveLength(count);
  });

  it("name levels as people write them", () => {
    expect([" Warn ", "ERROR", "debug", "info", "verbose", ""].map(levelNamed)).toEqual([
      "warn",
      "error",
      "debug",
      "info",
      null,
      null,
    ]);
  });

  it("stay one line whatever a caller puts into its path or model", async () => {
    const [log, sink] = sunk();
    const model = 'a\nb"\u2028\u0000\ud800';
    log.record(recordOf({ model, path: "/v1/\r\n/x" }));
    const lines = await linesIn(sink);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.["path"]).toBe("/v1/\r\n/x");
  });

  it("are bounded: long names are clipped, and a line that is still too long keeps what tells most", async () => {
    const [log, sink] = sunk();
    log.record(recordOf({ model: "m".repeat(100_000) }));
    expect(String((await linesIn(sink))[0]?.["model"])).toHaveLength(200);
    log.record(recordOf({ verdict: verdictOf({ route: "r".repeat(100_000) }) }));
    const [cut] = await linesIn(sink);
    expect(cut).toMatchObject({
      event: "call",
      id: "req-1",
      reason: "answered_template",
      isCut: true,
    });
    expect(cut).not.toHaveProperty("route");
    log.event("info", "odd", { id: "i".repeat(9000), where: "here" });
    expect((await linesIn(sink))[0]).toMatchObject({
      where: "here",
      id: "i".repeat(100),
      isCut: true,
    });
  });

  it("hold no content, no embedding and no credential", async () => {
    const [log, sink] = sunk();
    log.record(recordOf({ verdict: forwardedVerdict(), path: "/v1/sk-abcdefghijklmnop/chat" }));
    const text = JSON.stringify(await linesIn(sink));
    expect(text).not.toContain("embedding");
    expect(text).not.toContain("abcdefghijklmnop");
  });

  it("reduce a fault to kind, code and message", async () => {
    const [log, sink] = sunk();
    const fault = Object.assign(new TypeError("cannot read"), { code: "E_READ", body: "secret" });
    log.fault("decide", fault);
    const [line] = await linesIn(sink);
    expect(line).toEqual({
      time: expect.any(String),
      level: "error",
      event: "fault",
      where: "decide",
      kind: "TypeError",
      code: "E_READ",
      message: "cannot read",
    });
  });
});

const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** Both ends of a real connection; what is written at one end waits until the other reads. */
async function connected(): Promise<[Socket, Socket]> {
  const server = createServer({ pauseOnConnect: true });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const accepted: Promise<Socket[]> = once(server, "connection");
  const near = connect(port, "127.0.0.1");
  const [[far]] = await Promise.all([accepted, once(near, "connect")]);
  if (far === undefined) throw new Error("nobody connected");
  sockets.push(near, far);
  return [near, far];
}

describe("a sink that does not keep up", () => {
  it("costs lines, which are counted and told once there is room again", async () => {
    const [near, far] = await connected();
    const log = createLog({ sink: near, level: "info", maxPendingBytes: 100_000 });
    let written = 0;
    while (log.dropped() === 0) {
      log.event("info", "tick", { at: written, pad: "x".repeat(1000) });
      written += 1;
    }
    log.event("info", "lost");
    expect(log.dropped()).toBe(2);
    expect(near.writableLength).toBeLessThanOrEqual(100_000);

    const lines: Line[] = [];
    const reader = createInterface({ input: far });
    reader.on("line", (text) => lines.push(JSON.parse(text)));
    await once(near, "drain");
    log.event("info", "last");
    await log.close();
    near.end();
    await once(reader, "close");

    expect(lines.filter((line) => line["event"] === "tick")).toHaveLength(written - 1);
    expect(lines.at(-2)).toMatchObject({ event: "log_lines_dropped", level: "warn", lines: 2 });
    expect(lines.at(-1)).toMatchObject({ event: "last" });
    expect(log.dropped()).toBe(2);
  });

  it("that goes away ends nothing: lines are dropped and counted from then on", async () => {
    const [near, far] = await connected();
    const log = createLog({ sink: near, level: "info" });
    const closed = new Promise((resolve) => near.once("close", resolve));
    far.resetAndDestroy();
    await closed;
    log.event("info", "late");
    log.event("info", "later");
    expect(log.dropped()).toBe(2);
    await log.close();
  });

  it("that reports an error is written to no more", async () => {
    const sink = new PassThrough({ autoDestroy: false });
    const log = createLog({ sink, level: "info" });
    sink.emit("error", new Error("EPIPE"));
    log.event("info", "late");
    expect(log.dropped()).toBe(1);
    await log.close();
    expect(sink.listenerCount("error")).toBe(0);
  });

  it("that broke is opened again by itself, and the first line says how many were lost", async () => {
    const [full, free] = [new PassThrough(), new PassThrough()];
    const log = createLog({ sink: full, reopen: () => free, reopenMs: 0, level: "info" });
    full.destroy(new Error("ENOSPC"));
    log.event("info", "lost");
    await new Promise((resolve) => full.once("close", resolve));
    log.event("info", "kept");
    expect(await linesIn(free)).toMatchObject([
      { event: "log_lines_dropped", lines: 1 },
      { event: "kept" },
    ]);
    await log.close();
    expect(free.listenerCount("error")).toBe(0);
  });

  it("that breaks under what it was given counts those lines too", async () => {
    const sink = new PassThrough();
    const log = createLog({ sink, level: "info" });
    sink.write = (_line: unknown, ...rest: unknown[]): boolean => {
      const done = rest.find((each) => typeof each === "function");
      done?.(new Error("ENOSPC"));
      return false;
    };
    log.event("info", "lost");
    await turnEnd();
    expect(log.dropped()).toBe(1);
  });

  it("that never reads holds up closing for a bounded time only", async () => {
    const [near] = await connected();
    const log = createLog({ sink: near, level: "info", maxPendingBytes: 50_000_000 });
    while (near.writableLength < 10_000_000) log.event("info", "tick", { pad: "x".repeat(8000) });
    await log.close();
    expect(near.writableLength).toBeGreaterThan(0);
  });
});

const child = `
  const { createLog } = await import(process.argv[1]);
  const log = createLog({ sink: process.stderr, level: "info", maxPendingBytes: 1_000_000 });
  for (let at = 0; at < 3000; at += 1) log.event("info", "tick", { pad: "x".repeat(2000) });
  process.stdout.write(String(log.dropped()) + "\\n");
  process.stdin.once("data", async () => {
    log.event("info", "last");
    await log.close();
    process.exit(0);
  });
`;

describe("standard error", () => {
  it("that nobody reads never blocks the process, and what was kept arrives whole at the end", async () => {
    const module = join(import.meta.dirname, "../../../proxy/telemetry/log.ts");
    const args = ["--input-type=module", "-e", child, module];
    const running = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] });
    const [answer]: Buffer[] = await once(running.stdout, "data");
    const dropped = Number(answer?.toString());
    expect(dropped).toBeGreaterThan(0);

    const lines: Line[] = [];
    const reader = createInterface({ input: running.stderr });
    reader.on("line", (text) => lines.push(JSON.parse(text)));
    // Everything that was kept is read before the process is told to end.
    while (lines.length < 3000 - dropped) await once(reader, "line");
    running.stdin.write("go\n");
    const [code]: unknown[] = await once(running, "exit");
    expect(code).toBe(0);
    expect(lines.filter((line) => line["event"] === "tick")).toHaveLength(3000 - dropped);
    expect(lines.at(-2)).toMatchObject({ event: "log_lines_dropped", lines: dropped });
    expect(lines.at(-1)).toMatchObject({ event: "last" });
  });
});
