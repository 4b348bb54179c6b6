/** `/metrics` of the real program: a hostile caller cannot grow it, load comes back to nothing, tools accept it. */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scrape, total, type Series } from "../support/exposition.ts";
import { createScriptedUpstream, type ScriptedUpstream } from "../support/scripted-upstream.ts";
import { eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

let cloud: ScriptedUpstream;
let sidecar: Sidecar;

beforeAll(async () => {
  cloud = await createScriptedUpstream();
  sidecar = await startSidecar({ policy: policyFor(cloud.url) });
});

afterAll(async () => {
  await sidecar?.stop();
  await cloud?.close();
});

function policyFor(url: string): string {
  return `version: 1
model: null
providers:
  openai:
    url: ${url}/v1
    breaker: { error_threshold: 100%, window: 1s, min_requests: 1000, cooldown: 1s }
targets:
  - { name: cheap, provider: openai, model: gpt-4o-mini }
cache: { mode: exact, scope: user, identity: body.user, ttl: 1h }
routes:
  - name: ping
    when: { text: "^ping$" }
    answer: { template: "pong" }
  - name: rest
    forward: {}
`;
}

const completion = {
  headers: ["content-type", "application/json"],
  body: JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "gpt-4o-mini",
    choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
  }),
};

interface Asked {
  readonly text: string;
  readonly model?: string;
  readonly user?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

function ask({ text, model = "gpt-4o-mini", user, headers, signal }: Asked): Promise<Response> {
  return fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model, user, messages: [{ role: "user", content: text }] }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function asked(call: Asked): Promise<void> {
  await (await ask(call)).text();
}

/** Waits until the figures say so: a call is counted a moment after its last byte. */
function until(isSo: (series: Series) => boolean): Promise<Series> {
  return eventually(async () => {
    const series = await scrape(sidecar);
    return isSo(series) ? series : null;
  });
}

function inFlight(series: Series): number {
  return total(series, "sidestep_upstream_in_flight", { upstream: "openai" });
}

describe("a hostile caller", () => {
  it("cannot grow the figures, whatever it writes into its calls", async () => {
    cloud.play(completion);
    /** Each call is unlike any other in every word that a caller chooses. */
    const call = async (at: number): Promise<void> => {
      const word = `w${at}-${"x".repeat(at % 50)}`;
      const headers = {
        "x-sidestep-target": at % 2 === 0 ? word : "cheap",
        "x-sidestep-request-id": word,
        "x-request-id": word,
        "x-sidestep-mode": at % 7 === 0 ? word : "",
        "user-agent": word,
        traceparent: `00-${at.toString(16).padStart(32, "a")}-00f067aa0ba902b7-01`,
      };
      await asked({ text: at % 3 === 0 ? "ping" : word, model: word, user: word, headers });
      const method = ["GET", "PUT", "PURGE"][at % 3] ?? "GET";
      await (await fetch(`${sidecar.url}/${word}/v1/${word}?${word}`, { method, headers })).text();
    };
    for (let at = 0; at < 42; at += 1) await call(at);
    const before = await until((series) => total(series, "sidestep_requests_total") === 84);
    for (let at = 42; at < 210; at += 1) await call(at);
    const after = await until((series) => total(series, "sidestep_requests_total") === 420);
    const added = [...after.keys()].filter(
      (key) => key.startsWith("sidestep_") && !before.has(key),
    );
    expect(added).toEqual([]);
    expect([...after.keys()].filter((key) => /w\d+-/.test(key))).toEqual([]);
  });
});

describe("the load of a provider", () => {
  it("is what it is busy with, and nothing once calls have ended, however they ended", async () => {
    const held = Promise.withResolvers<void>();
    cloud.queue(async (exchange) => {
      await held.promise;
      await exchange.reply(completion);
    });
    const slow = asked({ text: "slow" });
    await until((series) => inFlight(series) === 1);
    held.resolve();
    await slow;
    await until((series) => inFlight(series) === 0);

    const before = await scrape(sidecar);
    cloud.queue({ status: 204, framing: "none" });
    await asked({ text: "no content" });
    cloud.queue({ status: 503, body: "down" });
    await asked({ text: "server error" });
    cloud.queue({ status: 429, body: "wait" });
    await asked({ text: "rate limited" });
    cloud.queue({ status: 404, body: "what" });
    await asked({ text: "client error" });
    cloud.queue({ fault: { phase: "before-headers", kind: "reset" } });
    await asked({ text: "reset" });
    cloud.queue({ fault: { phase: "before-headers", kind: "garbage" } });
    await asked({ text: "garbage" });
    cloud.queue({ ...completion, fault: { phase: "mid-body", kind: "reset" } });
    await expect(asked({ text: "cut" })).rejects.toThrow(/terminated|aborted/);
    const after = await until((series) => inFlight(series) === 0);
    const grown = (result: string): number => {
      const labels = { upstream: "openai", result };
      const name = "sidestep_upstream_calls_total";
      return total(after, name, labels) - total(before, name, labels);
    };
    const results = ["ok", "server_error", "rate_limited", "client_error", "reset", "invalid"];
    expect(results.map((result) => [result, grown(result)])).toEqual([
      ["ok", 2],
      ["server_error", 1],
      ["rate_limited", 1],
      ["client_error", 1],
      ["reset", 1],
      ["invalid", 1],
    ]);
    const times = "sidestep_upstream_first_byte_seconds_count";
    expect(total(after, times) - total(before, times)).toBe(7);
  });

  it("ends when the caller leaves, before the reply as well as within it", async () => {
    for (const fault of [
      { phase: "before-headers", kind: "stall" },
      { phase: "mid-body", kind: "stall" },
    ] as const) {
      cloud.queue({ ...completion, fault });
      const leaving = new AbortController();
      const call = asked({ text: `leaving ${fault.phase}`, signal: leaving.signal });
      await until((series) => inFlight(series) === 1);
      leaving.abort();
      await expect(call).rejects.toThrow("abort");
      await until((series) => inFlight(series) === 0);
    }
  });

  it("holds a tunnel until it is closed", async () => {
    cloud.queue(async (exchange) => {
      await exchange.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n",
      );
    });
    const upgrading = request(`${sidecar.url}/v1/realtime`, {
      headers: { connection: "Upgrade", upgrade: "echo" },
    });
    const switched = new Promise<() => void>((resolve) => {
      upgrading.on("upgrade", (_reply, socket) => resolve(() => socket.destroy()));
    });
    upgrading.end();
    const close = await switched;
    await until((series) => inFlight(series) === 1);
    close();
    await until((series) => inFlight(series) === 0);
  });
});

describe("figures of money", () => {
  it("tell the tokens that the cache saved from those that were spent", async () => {
    cloud.play(completion);
    const before = await scrape(sidecar);
    const tale = { text: "a tale", user: "ann" };
    await asked(tale);
    const again = await ask(tale);
    expect(again.headers.get("x-sidestep-decision")).toBe("cache");
    await again.text();
    const after = await until(
      (series) => total(series, "sidestep_cache_requests_total", { result: "hit" }) === 1,
    );
    const grown = (decision: string, direction: string): number => {
      const labels = { decision, direction, source: "provider" };
      const name = "sidestep_tokens_total";
      return total(after, name, labels) - total(before, name, labels);
    };
    expect([grown("forwarded", "input"), grown("forwarded", "output")]).toEqual([11, 7]);
    expect([grown("cache", "input"), grown("cache", "output")]).toEqual([11, 7]);
  });
});

describe("the page", () => {
  it("has what alerts watch at 0 from the start, so that the first event is seen as a rise", async () => {
    const fresh = await startSidecar({ policy: policyFor(cloud.url) });
    const series = await scrape(fresh);
    await fresh.stop();
    expect(series.get('sidestep_faults_total{where="decide"}')).toBe(0);
    expect(series.get('sidestep_policy_reloads_total{result="bad"}')).toBe(0);
    expect(series.get('sidestep_unpriced_total{provider="openai"}')).toBe(0);
    expect(series.get("sidestep_log_lines_dropped_total")).toBe(0);
    expect(series.get('sidestep_upstream_available{upstream="cheap"}')).toBe(1);
    expect(series.get("sidestep_classifier_queue_limit")).toBeGreaterThan(0);
    expect(series.get("sidestep_memory_limit_bytes")).toBeGreaterThan(50_000_000);
    expect([...series.keys()].some((key) => /^sidestep_build_info\{version="\d/.test(key))).toBe(
      true,
    );
  });

  it("is OpenMetrics for a scraper that asks for it", async () => {
    const accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    const page = await fetch(`${sidecar.admin}/metrics`, { headers: { accept } });
    expect(page.headers.get("content-type")).toMatch("application/openmetrics-text; version=1.0.0");
    const reply = await ask({ text: "ping" });
    const id = reply.headers.get("x-sidestep-request-id");
    await reply.text();
    const found = await eventually(async () => {
      const again = await fetch(`${sidecar.admin}/metrics`, { headers: { accept } });
      const text = await again.text();
      return text.includes(`# {request_id="${id}"}`) ? text : null;
    });
    expect(found.endsWith("\n# EOF\n")).toBe(true);
  });
});
