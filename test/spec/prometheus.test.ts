/** A real Prometheus scrapes the real program: its tools accept the page, and every query of the dashboard has an answer. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metricTable } from "../../proxy/telemetry/metric-table.ts";
import { dashboardFile } from "../../scripts/dashboard.ts";
import {
  hasPrometheus,
  promtool,
  startPrometheus,
  type Prometheus,
} from "../support/prometheus.ts";
import { rulesIn, shippedRules, shortened } from "../support/rules.ts";
import { createScriptedUpstream, type ScriptedUpstream } from "../support/scripted-upstream.ts";
import { eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

const root = join(import.meta.dirname, "../..");

const dashboard = v.parse(
  v.object({
    panels: v.array(
      v.object({
        type: v.string(),
        title: v.string(),
        targets: v.optional(v.array(v.object({ expr: v.string() })), []),
      }),
    ),
    templating: v.object({
      list: v.array(v.object({ name: v.string(), definition: v.optional(v.string()) })),
    }),
    annotations: v.object({ list: v.array(v.object({ expr: v.string() })) }),
  }),
  JSON.parse(readFileSync(join(root, dashboardFile), "utf8")),
);

const asked = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => [title, expr] as const),
);

let cloud: ScriptedUpstream;
let sidecar: Sidecar;
let prometheus: Prometheus;
const over = new AbortController();
let traffic: Promise<void> = Promise.resolve();
/** Request ids of answers so far. */
const ids = new Set<string>();

function policyFor(url: string): string {
  return `version: 1
model: support-v1
providers:
  openai: { url: ${url}/v1 }
  failing: { url: ${url}/failing/v1, breaker: { error_threshold: 50%, window: 5s, min_requests: 3, cooldown: 300ms } }
  gone: { url: "http://127.0.0.1:9/v1", retries: 0 }
targets:
  - { name: cheap, provider: openai, model: gpt-4o-mini }
outage: { stale: 1h }
cache: { mode: exact, scope: global, ttl: 1h }
limits: { decision: 5s }
audit: { file: stdout }
routes:
  - name: ping
    when: { text: "^ping$" }
    answer: { template: "pong" }
  - name: greeting
    when: { task: greeting, confidence: ">= 0.5", system: any }
    answer: { template: "Hello!" }
  - name: own
    when: { text: "of its own" }
    forward: { target: cheap }
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

interface Call {
  readonly text: string;
  readonly prefix?: string;
  readonly model?: string;
  readonly mode?: string;
}

async function ask({ text, prefix = "", model = "gpt-4o", mode = "" }: Call): Promise<string> {
  const reply = await fetch(`${sidecar.url}${prefix}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-sidestep-mode": mode },
    body: JSON.stringify({ model, messages: [{ role: "user", content: text }] }),
  });
  await reply.text();
  const id = reply.headers.get("x-sidestep-request-id") ?? "";
  ids.add(id);
  return id;
}

/** An application's verdict. */
async function judgedRight(id: string): Promise<void> {
  const body = JSON.stringify({ id, verdict: "right" });
  await (await fetch(`${sidecar.admin}/feedback`, { method: "POST", body })).text();
}

/** A bit of everything that the dashboard asks about, until the end. */
async function trafficUntilTheEnd(): Promise<void> {
  for (let at = 0; !over.signal.aborted; at += 1) {
    await judgedRight(await ask({ text: "ping" }));
    await ask({ text: `hello there ${at}` });
    await ask({ text: "the same question again" });
    await ask({ text: `a question of its own, number ${at}` });
    await ask({ text: "ping", mode: "observe" });
    await ask({ text: `how much is ${at}`, model: "a-model-without-a-price", mode: "bypass" });
    await ask({ text: `number ${at}`, prefix: "/failing" });
    await ask({ text: `number ${at}`, prefix: "/gone" });
    await pause(50);
  }
}

describe.skipIf(!hasPrometheus)("a real Prometheus", () => {
  beforeAll(async () => {
    cloud = await createScriptedUpstream();
    cloud.play((exchange) =>
      exchange.head.target.startsWith("/failing")
        ? exchange.reply({ status: 500, body: "broken" })
        : exchange.reply(completion),
    );
    sidecar = await startSidecar({ policy: policyFor(cloud.url) });
    const rules = shippedRules.map(shortened);
    prometheus = await startPrometheus({
      jobs: { sidestep: sidecar.admin },
      rules,
      intervalMs: 500,
    });
    traffic = trafficUntilTheEnd();
    await writeFile(sidecar.policyFile, "version: 1\nrotues: []\n");
  }, 180_000);

  afterAll(async () => {
    over.abort();
    await traffic;
    await sidecar?.stop();
    await prometheus?.stop();
    await cloud?.close();
  }, 120_000);

  /** Asks until there is a number, as a dashboard that is looked at for a while would. */
  async function answered(expression: string): Promise<number> {
    return eventually(async () => {
      const found = await prometheus.query(expression);
      return found.find(({ value }) => Number.isFinite(value))?.value ?? null;
    });
  }

  it("has a page that promtool finds nothing to say about", async () => {
    const page = await (await fetch(`${sidecar.admin}/metrics`)).text();
    expect(promtool(["check", "metrics"], page)).toEqual({ code: 0, told: "" });
  });

  it.each(asked)(
    "has an answer for the panel %s: %s",
    async (_title, expr) => {
      await answered(chosen(expr));
    },
    60_000,
  );

  it.each(figuresOfNoAlert())(
    "records %s",
    async (name) => {
      await answered(name);
    },
    60_000,
  );

  it("has an answer for every choice of the dashboard, and for its marks", async () => {
    for (const { definition } of dashboard.templating.list) {
      const [, metric, label] = /^label_values\((.*), (\w+)\)$/.exec(definition ?? "") ?? [];
      if (metric === undefined || label === undefined) continue;
      const found = await prometheus.query(`count by (${label}) (${chosen(metric)})`);
      expect(found.map(({ labels }) => labels[label])).not.toContain(undefined);
      expect(found).toHaveLength(1);
    }
    for (const { expr } of dashboard.annotations.list) {
      // Nothing may have been loaded in the last minute, but the query is a right one.
      await expect(prometheus.query(chosen(expr))).resolves.toBeDefined();
    }
  });

  it("keeps exemplars that lead from a slow bucket to a call that was made", async () => {
    const series = v.array(
      v.object({ exemplars: v.array(v.object({ labels: v.record(v.string(), v.string()) })) }),
    );
    const now = Date.now() / 1000;
    const range = { start: String(now - 600), end: String(now + 600) };
    for (const name of ["overhead", "first_byte", "request", "decision"]) {
      const query = `sidestep_${name}_seconds_bucket`;
      const found = await prometheus.api("/api/v1/query_exemplars", { query, ...range });
      const labels = v.parse(series, found).flatMap(({ exemplars }) => exemplars);
      const named = labels.map((one) => one.labels["request_id"] ?? "");
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((id) => !ids.has(id))).toEqual([]);
    }
  });
});

/** Those that an alert needs are there when it fires: alerts.test.ts. */
function figuresOfNoAlert(): readonly string[] {
  const rules = rulesIn(shippedRules);
  const alerts = rules.filter(({ alert }) => alert !== undefined).map(({ expr }) => expr);
  const names = rules.flatMap(({ record }) => record ?? []);
  return names.filter((name) => !alerts.join(" ").includes(name));
}

/** What Grafana puts in, for one sidecar and short windows. */
function chosen(expr: string): string {
  return expr
    .replaceAll(/\$(?:job|instance)\b/g, ".*")
    .replaceAll("$__rate_interval", "5s")
    .replaceAll("$__range", "15s");
}

describe("dashboard, rules and runbooks", () => {
  const files = [
    dashboardFile,
    "charts/sidestep/rules/recording.yaml",
    "charts/sidestep/rules/alerts.yaml",
    "test/spec/alert-rules.yaml",
    "docs/runbooks/README.md",
  ];
  const alerts = rulesIn(shippedRules).filter(({ alert }) => alert !== undefined);

  it("name no metric of ours that does not exist", () => {
    const texts = [...files, ...alerts.map(({ annotations }) => annotations?.["runbook"] ?? "")];
    const known: readonly string[] = Object.keys(metricTable);
    for (const file of texts) {
      const named = readFileSync(join(root, file), "utf8").match(/\bsidestep_[a-z_]+/g) ?? [];
      const unknown = named.filter((name) => !known.includes(withoutPart(name)));
      expect([file, unknown]).toEqual([file, []]);
    }
  });

  it("have a page for each alert, with what it means, how to look and what to do", () => {
    const index = readFileSync(join(root, "docs/runbooks/README.md"), "utf8");
    for (const { alert, annotations } of alerts) {
      const page = readFileSync(join(root, annotations?.["runbook"] ?? ""), "utf8");
      const headings = page.split("\n").filter((line) => line.startsWith("#"));
      expect(headings).toEqual([
        `# ${alert}`,
        "## What it means",
        "## How to look",
        "## What to do",
      ]);
      expect(index).toContain(`[${alert}](${annotations?.["runbook"]?.split("/").at(-1)})`);
    }
  });

  it("ask only what is a right query, of recorded figures that are recorded", () => {
    const recorded = new Set(rulesIn(shippedRules).flatMap(({ record }) => record ?? []));
    const used = shippedRules.join("\n").match(/\bsidestep:[a-z\d_]+:[a-z\d_]+/g) ?? [];
    expect(used.filter((name) => !recorded.has(name))).toEqual([]);
    expect(asked.length).toBeGreaterThan(40);
  });
});

function withoutPart(name: string): string {
  return name.replace(/_(?:bucket|sum|count)$/, "");
}
