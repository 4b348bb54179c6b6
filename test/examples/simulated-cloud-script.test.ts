/** The simulated cloud's script: faults, dictated answers, journal, settings, and the process itself. */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { gzipSync } from "node:zlib";
import { assert, property, string } from "fast-check";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { readCommandLine } from "../../examples/simulated-cloud/arguments.ts";
import { createSimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import type { SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { tokenize } from "../../examples/simulated-cloud/tokens.ts";

let cloud: SimulatedCloud;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 0, tokensPerSecond: 0 });
});
afterAll(() => cloud.close());
beforeEach(() => {
  cloud.state.faults.clear();
  cloud.state.answers.clear();
  cloud.state.journal.clear();
});

function call(body: object = {}, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${cloud.url}/v1/chat/completions`, {
    method: "POST",
    headers,
    body: JSON.stringify({
      model: "gpt-4o",
      messages: [{ role: "user", content: "hello there" }],
      ...body,
    }),
  });
}

async function control(method: string, path: string, body?: unknown): Promise<unknown> {
  const reply = await fetch(`${cloud.url}/_control/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return reply.json();
}

const order = (...faults: readonly object[]): Promise<unknown> =>
  control("POST", "faults", { faults });

test("refuse closes the connection once, then all is well", async () => {
  await order({ kind: "refuse" });
  await expect(call()).rejects.toThrow("fetch failed");
  expect((await call()).status).toBe(200);
});

test("reset breaks a stream in the middle, truncate ends it early and cleanly", async () => {
  await order({ kind: "reset", afterBytes: 300 }, { kind: "truncate", afterBytes: 300 });
  const broken = await call({ stream: true });
  await expect(broken.text()).rejects.toThrow("terminated");
  const short = await (await call({ stream: true })).text();
  expect(Buffer.byteLength(short)).toBe(300);
  expect(short).not.toContain("[DONE]");
});

test("stall falls silent until the caller goes, which the journal notes", async () => {
  await order({ kind: "stall", afterBytes: 50 }, { kind: "stall" });
  const leave = new AbortController();
  const reply = await fetch(`${cloud.url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "m", stream: true, messages: [{ role: "user", content: "x" }] }),
    signal: leave.signal,
  });
  const reader = reply.body?.getReader();
  expect((await reader?.read())?.value).toHaveLength(50);
  leave.abort();
  await expect(reader?.read()).rejects.toThrow("aborted");
  await expect
    .poll(() => cloud.state.journal.entries()[0])
    .toMatchObject({
      fault: "stall",
      status: 200,
      aborted: true,
    });
  const silent = AbortSignal.timeout(50);
  await expect(fetch(`${cloud.url}/v1/models`, { signal: silent })).rejects.toThrow("aborted");
  await expect.poll(() => cloud.state.journal.entries()[1]?.aborted).toBe(true);
  expect(cloud.state.journal.entries()[1]?.status).toBeNull();
});

test("a stall with a duration goes on by itself, and trickle loses nothing", async () => {
  const whole = await (
    await call({ stream: true, stream_options: { include_obfuscation: false } })
  ).text();
  await order(
    { kind: "stall", afterBytes: 10, durationMs: 5 },
    { kind: "trickle", bytes: 400, intervalMs: 1 },
  );
  for (const _ of [1, 2]) {
    const text = await (
      await call({ stream: true, stream_options: { include_obfuscation: false } })
    ).text();
    expect(text.split("\n\n")).toHaveLength(whole.split("\n\n").length);
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  }
});

test("status speaks the protocol's error form with its headers", async () => {
  const headers = { "x-should-retry": "false" };
  await order(
    { kind: "status", status: 429, retryAfter: 7, headers },
    { kind: "status", status: 503, body: "<html>" },
  );
  const limited = await call();
  expect(limited.status).toBe(429);
  expect(limited.headers.get("retry-after")).toBe("7");
  expect(limited.headers.get("x-should-retry")).toBe("false");
  expect(await limited.json()).toMatchObject({ error: { code: "rate_limit_exceeded" } });
  expect(await (await call()).text()).toBe("<html>");
  await order({ kind: "status", status: 529, match: { path: "/v1/messages" } });
  expect((await call()).status).toBe(200);
  const overloaded = await fetch(`${cloud.url}/v1/messages`, { method: "POST", body: "{}" });
  expect(await overloaded.json()).toMatchObject({ error: { type: "overloaded_error" } });
});

test("error_event fails inside the stream so that the client notices", async () => {
  await order({ kind: "error_event", afterEvents: 3 });
  const openai = new OpenAI({ baseURL: `${cloud.url}/v1`, apiKey: "k", maxRetries: 0 });
  const stream = await openai.chat.completions.create({
    model: "gpt-4o",
    stream: true,
    messages: [{ role: "user", content: "hello there" }],
  });
  const drain = async (): Promise<void> => {
    for await (const chunk of stream) expect(chunk.choices).toHaveLength(1);
  };
  await expect(drain()).rejects.toThrow("Overloaded");
});

test("garbage is no JSON, or no HTTP at all", async () => {
  await order({ kind: "garbage" }, { kind: "garbage", at: "protocol" });
  await expect((await call()).json()).rejects.toThrow(SyntaxError);
  await expect(call()).rejects.toThrow("fetch failed");
});

test("faults wait, repeat and aim as ordered", async () => {
  await order({
    kind: "status",
    status: 500,
    skip: 1,
    times: 2,
    match: { model: "gpt-4o", text: "hello", header: "X-Mark" },
  });
  const marked = { "x-mark": "1" };
  expect((await call()).status).toBe(200);
  expect((await call({ model: "other" }, marked)).status).toBe(200);
  const statuses = [];
  for (const _ of [1, 2, 3, 4]) statuses.push((await call({}, marked)).status);
  expect(statuses).toEqual([200, 500, 500, 200]);
  expect(await control("GET", "faults")).toMatchObject({ faults: [{ seen: 3, spent: true }] });
  expect(await control("POST", "faults", { faults: [{ kind: "flood" }] })).toEqual({
    error:
      'fault kind "flood" is none of error_event, garbage, refuse, reset, stall, status, trickle, truncate',
  });
});

test("dictated answers go by text, a user's own before everybody's", async () => {
  await control("POST", "answers", {
    answers: [
      { text: "hello there", answer: "for all" },
      { text: "hello there", user: "7", answer: "for seven" },
    ],
  });
  expect(await (await call()).json()).toMatchObject({
    choices: [{ message: { content: "for all" } }],
  });
  expect(await (await call({ user: "7" })).json()).toMatchObject({
    choices: [{ message: { content: "for seven" } }],
  });
  expect(await control("DELETE", "answers")).toEqual({ count: 0 });
  expect(await control("POST", "answers", { answers: [{ text: "x" }] })).toEqual({
    error: "an answer needs text and answer",
  });
});

test("the journal holds method, url, raw headers and the body's hash", async () => {
  const body = JSON.stringify({ model: "m", messages: [] });
  await fetch(`${cloud.url}/v1/chat/completions?a=%2f`, { method: "POST", body });
  const seen = await control("GET", "requests?limit=1");
  expect(seen).toMatchObject({
    count: 1,
    requests: [
      {
        method: "POST",
        url: "/v1/chat/completions?a=%2f",
        bodySha256: createHash("sha256").update(body).digest("hex"),
        bodyBytes: body.length,
        status: 400,
      },
    ],
  });
  expect(await control("DELETE", "requests")).toEqual({ count: 0 });
});

test("settings change while it runs: key, compression, pace", async () => {
  const before = cloud.state.settings;
  expect(await control("POST", "settings", { requireKey: true, compress: true })).toEqual({
    ...before,
    requireKey: true,
    compress: true,
  });
  const refused = await call();
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({ error: { code: "invalid_api_key" } });
  const zipped = await call({}, { authorization: "Bearer k", "accept-encoding": "gzip" });
  expect(zipped.headers.get("content-encoding")).toBe("gzip");
  expect(await zipped.json()).toMatchObject({ object: "chat.completion" });
  cloud.state.settings = before;
});

test("compressed requests are read, long ones refused", async () => {
  const small = await createSimulatedCloud({ ttftMs: 0, tokensPerSecond: 0, maxBodyBytes: 200 });
  const url = `${small.url}/v1/chat/completions`;
  const long = await fetch(url, { method: "POST", body: "x".repeat(201) });
  expect(long.status).toBe(413);
  expect(small.state.journal.entries()[0]?.bodyBytes).toBe(201);
  const unread = await fetch(url, {
    method: "POST",
    headers: { "content-encoding": "gzip" },
    body: "no gzip",
  });
  expect(unread.status).toBe(400);
  const read = await fetch(url, {
    method: "POST",
    headers: { "content-encoding": "gzip" },
    body: gzipSync('{"model":"m","messages":[{"role":"user","content":"hi"}]}'),
  });
  expect(read.status).toBe(200);
  await small.close();
});

test("tokens joined are the text again", () => {
  assert(
    property(string({ unit: "binary" }), (text) => {
      const whole = text.toWellFormed();
      expect(tokenize(whole).join("")).toBe(whole);
    }),
  );
});

test("the command line is read, wrong use refused", () => {
  const read = readCommandLine(["--listen", "[::1]:80", "--ttft", "1.5s", "--seed", "3"]);
  expect(read.options).toMatchObject({ host: "::1", port: 80, ttftMs: 1500, seed: 3 });
  expect(() => readCommandLine(["--ttft", "soon"])).toThrow("no duration");
  expect(() => readCommandLine(["--listen", "nowhere"])).toThrow("no HOST:PORT");
  expect(() => readCommandLine(["--seed", ""])).toThrow("no number");
});

async function run(...args: readonly string[]): Promise<unknown> {
  const main = "examples/simulated-cloud/main.ts";
  const child = spawn(process.execPath, [main, ...args], { stdio: "ignore" });
  const [code] = await once(child, "exit");
  return code;
}

test("as a process it says when it is ready and ends with 0 on a signal", async () => {
  const child = spawn(process.execPath, ["examples/simulated-cloud/main.ts", "--ttft", "0ms"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const ready: unknown = JSON.parse(String(line));
  expect(ready).toMatchObject({ event: "ready", url: expect.stringMatching(/^http:\/\/127/u) });
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
});

test("as a process it tells wrong use apart from a taken address", async () => {
  expect(await run("--nonsense")).toBe(2);
  expect(await run("--help")).toBe(0);
  expect(await run("--listen", `127.0.0.1:${cloud.port}`)).toBe(1);
});
