/** SIGTERM under open streams: none is cut within the grace period, and the program ends well. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createHeldUpstream,
  wholeStream,
  type HeldUpstream,
} from "../../bench/soak/held-upstream.ts";
import { openStream, openStreams } from "../../bench/soak/stream-callers.ts";
import { ask } from "../support/application.ts";
import { eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

const many = 200;

let upstream: HeldUpstream;
let sidecar: Sidecar;

beforeEach(async () => {
  upstream = await createHeldUpstream();
});

afterEach(async () => {
  await sidecar?.stop();
  await upstream?.close();
});

const key = "sk-sidestep-0123456789abcdef0123456789";

async function started(...flags: string[]): Promise<Sidecar> {
  const hash = createHash("sha256").update(key).digest("hex");
  const callers = flags.includes("--gateway") ? `callers: { app: { sha256: "${hash}" } }\n` : "";
  sidecar = await startSidecar({
    policy: `${callers}version: 1
model: null
providers: { openai: { url: ${upstream.url}/v1 } }
limits: { connections: 1000 }
routes:
  - name: ping
    when: { text: "^ping$" }
    answer: { template: pong }
`,
    flags: ["--health", "127.0.0.1:0", ...flags],
  });
  return sidecar;
}

const exitOf = async ({ process: child }: Sidecar): Promise<unknown> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
};

/** Resolves when the signal has been taken: the pod is no longer ready. */
async function notReady({ health }: Sidecar): Promise<void> {
  await eventually(async () => ((await fetch(`${health}/readyz`)).status === 503 ? true : null));
}

describe("SIGTERM", () => {
  it("to a sidecar: open streams run to their end, new calls are served, then it ends with 0 (pain 12)", async () => {
    const { url, process: child } = await started("--grace", "50s");
    const streams = await openStreams(url, many);
    child.kill("SIGTERM");
    await notReady(sidecar);
    expect((await ask(url, "ping")).decision).toBe("local");
    const late = await openStream(url);
    expect(upstream.open).toBe(many + 1);
    upstream.finish();
    const seen = await Promise.all([...streams, late].map(({ ended }) => ended));
    expect(seen.filter(({ text, isWhole }) => !isWhole || text !== wholeStream)).toEqual([]);
    expect(await exitOf(sidecar)).toBe(0);
    // Each has its record, written before the end.
    expect(sidecar.log().match(/"event":"call"[^\n]*"ending":"complete"/gu)).toHaveLength(many + 2);
  });

  it("to a gateway: new connections are refused at once, open streams run to their end, exit code 0", async () => {
    const { url, process: child } = await started("--grace", "50s", "--gateway");
    const streams = await openStreams(url, many, key);
    child.kill("SIGTERM");
    await notReady(sidecar);
    await expect(openStream(url, "hello", key)).rejects.toThrow("ECONNREFUSED");
    upstream.finish();
    const seen = await Promise.all(streams.map(({ ended }) => ended));
    expect(seen.filter(({ text, isWhole }) => !isWhole || text !== wholeStream)).toEqual([]);
    expect(await exitOf(sidecar)).toBe(0);
  });

  it("twice ends at once: what is open is cut so that its caller sees it, exit code 0", async () => {
    const { url, process: child } = await started("--grace", "1m");
    const streams = await openStreams(url, many);
    child.kill("SIGTERM");
    await notReady(sidecar);
    child.kill("SIGTERM");
    expect(await exitOf(sidecar)).toBe(0);
    const seen = await Promise.all(streams.map(({ ended }) => ended));
    expect(seen.filter(({ isWhole }) => isWhole)).toEqual([]);
    await eventually(() => (upstream.open === 0 ? true : null));
    expect(sidecar.log().match(/"event":"call"[^\n]*"ending":"aborted"/gu)).toHaveLength(many);
  });

  it("with a grace period that ends: who still waits for the provider gets a clear 503 (pain 14)", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    const port = typeof address === "object" ? address?.port : 0;
    const { url, process: child, policyFile, log } = await started("--grace", "500ms");
    await writeFile(
      policyFile,
      `version: 1\nmodel: null\nproviders: { openai: { url: "http://127.0.0.1:${port}/v1" } }\n`,
    );
    await eventually(() => (log().match(/"event":"policy_loaded"/g)?.length === 2 ? true : null));
    const waiting = fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "hi" }] }),
    });
    await once(silent, "request");
    child.kill("SIGTERM");
    const reply = await waiting;
    expect(reply.status).toBe(503);
    expect(reply.headers.get("retry-after")).toBe("1");
    expect(reply.headers.get("x-sidestep-reason")).toBe("stopping");
    expect(await reply.json()).toMatchObject({ error: { code: "sidestep_stopping" } });
    expect(await exitOf(sidecar)).toBe(0);
    expect(log().match(/"event":"call"[^\n]*"ending":"aborted"/gu)).toHaveLength(1);
    silent.closeAllConnections();
    silent.close();
  });

  it("with a grace period that ends: what is still open is cut then, exit code 0", async () => {
    const { url, process: child } = await started("--grace", "500ms");
    const streams = await openStreams(url, 20);
    child.kill("SIGTERM");
    expect(await exitOf(sidecar)).toBe(0);
    const seen = await Promise.all(streams.map(({ ended }) => ended));
    expect(seen.filter(({ isWhole }) => isWhole)).toEqual([]);
  });
});
