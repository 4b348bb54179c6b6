/** The clock on the wall jumps: no call notices, since whatever waits does so by the monotonic clock. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { ask, eventsOf, noticed, underLoad } from "../support/application.ts";
import { inspectable, runInside } from "../support/inspector.ts";
import { startSidecar, type Sidecar } from "../support/sidecar.ts";

const dayMs = 86_400_000;

let cloud: SimulatedCloud;
let sidecar: Sidecar;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
  sidecar = await startSidecar({
    policy: `version: 1
model: null
providers:
  openai:
    url: ${cloud.url}/v1
    timeouts: { connect: 30s, first_byte: 30s, idle: 30s }
cache: { mode: exact, scope: global, ttl: 1h }
outage: { stale: 1h }
`,
    env: inspectable,
  });
});

afterAll(async () => {
  await sidecar?.stop();
  await cloud?.close();
});

/** Sets the program's wall clock `byMs` beside the true one. */
async function jump(byMs: number): Promise<void> {
  await runInside(
    sidecar,
    `(() => {
      const True = globalThis.TrueDate ?? Date;
      globalThis.TrueDate = True;
      globalThis.Date = class extends True {
        constructor(...parts) {
          if (parts.length === 0) super(True.now() + ${byMs});
          else super(...parts);
        }
        static now() {
          return True.now() + ${byMs};
        }
      };
    })()`,
  );
}

async function openStream(): Promise<Response> {
  cloud.state.faults.add([{ kind: "stall", afterBytes: 200, durationMs: 1500 }]);
  return fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "gpt-4o",
      stream: true,
      messages: [{ role: "user", content: "tell me of the sea" }],
    }),
  });
}

describe.each([
  ["a month ahead", 30 * dayMs],
  ["two months back", -30 * dayMs],
  ["to where it was", 0],
])("a clock that jumps %s", (_where, byMs) => {
  it("cuts no stream, times nothing out, and serves nothing stored whose age it cannot tell", async () => {
    const stream = await openStream();
    const kept = `kept before ${byMs}`;
    await ask(sidecar.url, kept);
    expect((await ask(sidecar.url, kept)).decision).toBe("cache");
    const calls = await underLoad(sidecar, `during ${byMs}`, async () => {
      await jump(byMs);
      expect(await stream.text()).toMatch(/data: \[DONE\]\n\n$/u);
    });
    expect(noticed(calls)).toEqual([]);
    expect((await ask(sidecar.url, kept)).decision).toBe("forwarded");
    expect((await ask(sidecar.url, kept)).decision).toBe("cache");
    const last = eventsOf(sidecar, "call").at(-1);
    const at = last !== undefined && "time" in last ? Date.parse(String(last.time)) : 0;
    expect(Math.abs(at - Date.now() - byMs)).toBeLessThan(dayMs);
  });
});

describe("the program's sources", () => {
  it("look at the wall clock for dates alone: what waits, or counts in a window, does not depend on it", () => {
    const proxy = resolve(import.meta.dirname, "../../proxy");
    const files = readdirSync(proxy, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => /\bDate\.now\b|\bnew Date\(\)/u.test(readFileSync(file, "utf8")))
      .map((file) => relative(proxy, file));
    expect(files.toSorted()).toEqual([
      // The age of what is stored, and when a policy was loaded.
      "assemble.ts",
      // When an event of the webhook was.
      "cli/injector.ts",
      // When state files were last of use.
      "inference/state-file.ts",
      "inference/state-folder.ts",
      // When a call began, for its record.
      "layers/observe.ts",
      // Whether a file is so young that its time may not tell the next change.
      "policy/footprint.ts",
      // The name of one run's events.
      "server/event-feed.ts",
      // When policies were loaded or refused.
      "server/policy-history.ts",
      "server/policy-news.ts",
      // What answers give as `created`.
      "server/write.ts",
      // When a route was suspended.
      "telemetry/agreement.ts",
      // When a record of the audit log was made.
      "telemetry/audit-log.ts",
      "telemetry/audit-writer.ts",
      // When a call's spans began, for who shows them.
      "telemetry/call-trace.ts",
      "telemetry/log.ts",
      // The dates between which figures that are sent were counted, and those of a report's bars.
      "telemetry/otlp-metrics.ts",
      "telemetry/report.ts",
      // A provider's Retry-After may be a date.
      "upstream/rate-limit.ts",
      // When certificates end, what an Event says, and what a Lease says: other replicas read these.
      "webhook/event-book.ts",
      "webhook/injector.ts",
      "webhook/lease.ts",
      "webhook/start.ts",
    ]);
  });
});
