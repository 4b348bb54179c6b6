/** Takes the pictures of traces in docs/images: a sidecar that sends to a running Zipkin and a running Phoenix, and a real Chromium. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { applicationFor } from "../examples/demo/application.ts";
import { openAiCall } from "../examples/demo/call.ts";
import { startProcess } from "../examples/process/ready-process.ts";
import { createSimulatedCloud } from "../examples/simulated-cloud/cloud.ts";
import { openBrowser } from "../test/page/chromium.ts";

const help = `node scripts/trace-pictures.ts --zipkin URL --phoenix URL [--out DIR]

  --zipkin URL    a Zipkin, such as http://127.0.0.1:9411
  --phoenix URL   an Arize Phoenix, such as http://127.0.0.1:6006
  --out DIR       where to write (default: docs/images)`;

const question = "Which sleeping bag is warm enough for October?";

const root = join(import.meta.dirname, "..");

/** A backend, and the way to the picture of the call whose trace it is. */
interface Backend {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly show: (page: Page, traceId: string) => Promise<void>;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      zipkin: { type: "string" },
      phoenix: { type: "string" },
      out: { type: "string", default: join(root, "docs/images") },
      help: { type: "boolean", default: false },
    },
  });
  const { zipkin, phoenix } = values;
  if (values.help || zipkin === undefined || phoenix === undefined) {
    console.log(help);
    return;
  }
  const browser = await openBrowser();
  try {
    for (const backend of [zipkinAt(zipkin), phoenixAt(phoenix)]) {
      const traceId = await callsTo(backend);
      await picture(browser, backend, traceId, resolve(values.out));
    }
  } finally {
    await browser.close();
  }
}

function zipkinAt(url: string): Backend {
  return {
    name: "zipkin",
    environment: {
      OTEL_TRACES_EXPORTER: "zipkin",
      OTEL_EXPORTER_ZIPKIN_ENDPOINT: `${url}/api/v2/spans`,
    },
    show: async (page, traceId) => {
      await page.goto(`${url}/zipkin/traces/${traceId}`);
      await page.getByText("sidestep.decide").first().click();
      await page.getByText("sidestep.signal.uncertainty").first().waitFor();
    },
  };
}

function phoenixAt(url: string): Backend {
  return {
    name: "phoenix",
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_RESOURCE_ATTRIBUTES: "openinference.project.name=sidestep",
    },
    show: async (page, traceId) => {
      await page.goto(`${url}/redirects/traces/${traceId}`);
      await page.getByText("sidestep.decide").first().click();
      await page.getByRole("tab", { name: "Attributes" }).click();
      await page.getByText("uncertainty", { exact: false }).first().waitFor();
    },
  };
}

/** A question that the model reads, the store keeps and the cloud answers; gives the trace of it. */
async function callsTo({ environment }: Backend): Promise<string> {
  const cloud = await createSimulatedCloud({ ttftMs: 180, tokensPerSecond: 300, jitter: 0 });
  const folder = await mkdtemp(join(tmpdir(), "sidestep-traces-"));
  const listeners = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const sidecar = await startProcess({
    name: "the sidecar",
    args: [join(root, "proxy/main.ts"), "run", "--policy", await policyIn(folder), ...listeners],
    environment: {
      SIMULATED_CLOUD: cloud.url,
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_NODE_RESOURCE_DETECTORS: "env",
      ...environment,
    },
  });
  try {
    const application = applicationFor(String(sidecar.ready["listen"]));
    await application.call(openAiCall("hello"));
    const { requestId } = await application.call(openAiCall(question, { stream: true }));
    const asked = await fetch(`${String(sidecar.ready["admin"])}/decisions?id=${requestId}`);
    return traceIdIn(await asked.text());
  } finally {
    await sidecar.stop();
    await cloud.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The demo's policy, keeping what nothing else takes. */
async function policyIn(folder: string): Promise<string> {
  await cp(join(root, "examples/demo/policy"), folder, { recursive: true });
  const file = join(folder, "support.yaml");
  const text = await readFile(file, "utf8");
  const last = "- name: everything-else\n";
  const kept = `${last}    cache: { mode: exact, scope: global, ttl: 10m }\n`;
  await writeFile(file, text.replace(last, kept));
  return file;
}

function traceIdIn(told: string): string {
  const found = /"traceId":\s*"([0-9a-f]{32})"/.exec(told)?.[1];
  if (found === undefined) throw new Error("the call was not traced");
  return found;
}

async function picture(
  browser: Browser,
  { name, show }: Backend,
  traceId: string,
  out: string,
): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, locale: "en-GB" });
  await show(page, traceId);
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: join(out, `traces-${name}.png`) });
  await page.close();
}

await main();
