/** One call, found by its request id wherever it is shown: header, log, trace, exemplar, audit log, admin listener and page. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { attributeOf, createCollector, type Collector } from "../proxy/telemetry/collector.ts";
import { sidestep } from "../support/command.ts";
import { adminJson, eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";
import { describeInBrowser, openTab, shows } from "./browser.ts";
import { openBrowser } from "./chromium.ts";

describeInBrowser("one call", () => {
  let cloud: SimulatedCloud;
  let collector: Collector;
  let sidecar: Sidecar;
  let folder = "";
  let id = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sidestep-one-call-"));
    cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
    collector = await createCollector();
    sidecar = await startSidecar({
      policy: `version: 1
model: null
providers: { openai: { url: "${cloud.url}/v1" } }
audit: { file: "${join(folder, "audit.jsonl")}", flush: 50ms }
routes:
  - name: long-ones
    when: { length: "> 10" }
    forward: {}
`,
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_BSP_SCHEDULE_DELAY: "50",
      },
    });
    const reply = await fetch(`${sidecar.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer sk-one" },
      body: JSON.stringify({
        model: "gpt-4o-mini",
        messages: [{ role: "user", content: "a question for the cloud" }],
      }),
    });
    await reply.text();
    id = reply.headers.get("x-sidestep-request-id") ?? "";
  }, 120_000);

  afterAll(async () => {
    await sidecar?.stop();
    await Promise.all([cloud?.close(), collector?.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  it("has an id in its reply's headers", () => {
    expect(id).toMatch(/^[\da-f]{20}$/);
  });

  it("has a log line", async () => {
    const line = await eventually(
      () =>
        sidecar
          .log()
          .split("\n")
          .find((text) => text.includes(id)) ?? null,
    );
    expect(JSON.parse(line)).toMatchObject({ event: "call", id, route: "long-ones" });
  });

  it("has a span, whose trace the log line names", async () => {
    const span = await eventually(
      () => collector.spans.find((one) => attributeOf(one, "sidestep.request_id") === id) ?? null,
    );
    const line =
      sidecar
        .log()
        .split("\n")
        .find((text) => text.includes(id)) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({ traceId: span.traceId });
  });

  it("is the exemplar of its buckets", async () => {
    const reply = await fetch(`${sidecar.admin}/metrics`, {
      headers: { accept: "application/openmetrics-text; version=1.0.0" },
    });
    const text = await reply.text();
    const lines = text.split("\n").filter((line) => line.includes(`request_id="${id}"`));
    for (const name of ["sidestep_overhead_seconds", "sidestep_request_seconds"]) {
      expect(lines.some((line) => line.startsWith(`${name}_bucket`))).toBe(true);
    }
  });

  it("stands in the audit log, whose chain is whole", async () => {
    const file = join(folder, "audit.jsonl");
    const found = await eventually(async () => {
      const { code, out } = await sidestep(["audit", "find", id, file]);
      return code === 0 ? out : null;
    });
    expect(JSON.parse(found)).toMatchObject({ id, route: "long-ones", decision: "forwarded" });
    expect(await sidestep(["audit", "verify", file])).toMatchObject({ code: 0 });
  });

  it("is what the admin listener shows under the id", async () => {
    expect(await adminJson(sidecar, `/decisions?id=${id}`)).toMatchObject({
      decisions: [{ id, route: "long-ones" }],
    });
  });

  it("opens in the page", async () => {
    const browser = await openBrowser();
    try {
      const { page, complaints } = await openTab(browser, `${sidecar.admin}/#/live`);
      await page.locator(`a[title="${id}"]`).click();
      await shows(page, id);
      await shows(page, "long-ones");
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  }, 60_000);
});
