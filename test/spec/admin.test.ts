/** What the admin listener tells of a running sidecar: one call laid open, figures, limits, files; never content or a credential. */
import { readFile, writeFile } from "node:fs/promises";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { supportPolicy } from "../support/policies.ts";
import { adminJson, eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

const credential = "hunter2-hunter2";
const said = "my secret is that I like the colour mauve";

let cloud: SimulatedCloud;
let sidecar: Sidecar;

beforeAll(async () => {
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 2_000 });
  const more = `targets:
  - { name: strong, provider: openai, model: gpt-4o, price: { input: 2, output: 8, as_of: 2026-11-01 } }
cache: { mode: exact, scope: global, ttl: 1h }
`;
  const policy = supportPolicy(cloud.url, more).replace(
    "{ url: " + cloud.url + "/v1 }",
    `{ url: "${cloud.url}/v1", key: ${credential} }`,
  );
  sidecar = await startSidecar({ policy });
});

afterAll(async () => {
  await sidecar?.stop();
  await cloud?.close();
});

async function ask(text: string): Promise<string> {
  const reply = await fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4o-mini", messages: [{ role: "user", content: text }] }),
  });
  await reply.text();
  const id = reply.headers.get("x-sidestep-request-id") ?? "";
  await eventually(async () => ((await fetch(`${sidecar.admin}/call?id=${id}`)).ok ? true : null));
  return id;
}

const part = v.object({ atMs: v.number() });
const call = v.object({
  record: v.looseObject({ firstByteMs: v.number(), totalMs: v.number() }),
  waitedMs: v.number(),
  timeline: v.object({
    decide: v.nullable(v.object({ ...part.entries, tookMs: v.number() })),
    attempts: v.array(v.looseObject(part.entries)),
  }),
  account: v.looseObject({ heads: v.array(v.unknown()), routes: v.array(v.unknown()) }),
});

describe("one call laid open", () => {
  it("has its record, its times in order, and its scores beside the routes' bounds", async () => {
    const id = await ask(said);
    const page = await adminJson(sidecar, `/call?id=${id}`);
    const { record, timeline, waitedMs, account } = v.parse(call, page);
    const [attempt] = timeline.attempts;
    const decided = (timeline.decide?.atMs ?? 0) + (timeline.decide?.tookMs ?? 0);
    expect(decided).toBeGreaterThan(0);
    expect(attempt?.atMs).toBeGreaterThanOrEqual(decided);
    expect(record.firstByteMs).toBeGreaterThanOrEqual(attempt?.atMs ?? Infinity);
    expect(record.totalMs).toBeGreaterThanOrEqual(record.firstByteMs);
    expect(waitedMs).toBeGreaterThan(0);
    expect(account.heads).toContainEqual(
      expect.objectContaining({ head: "task", bounds: expect.any(Array) }),
    );
    expect(page).toMatchObject({
      record: { id, decision: "forwarded" },
      timeline: { attempts: [{ provider: "openai", model: "gpt-4o-mini" }] },
      account: { isPolicyKnown: true },
    });
  });

  it("tells why a local answer was given, and which bound was nearest", async () => {
    const id = await ask("hello");
    const page = await adminJson(sidecar, `/call?id=${id}`);
    expect(page).toMatchObject({
      record: { decision: "local", route: "greeting" },
      timeline: { attempts: [] },
      account: {
        routes: [
          {
            route: "greeting",
            outcome: "matched",
            bounds: expect.arrayContaining([
              expect.objectContaining({ key: "confidence", bound: ">= 0.8", isMet: true }),
            ]),
            change: { because: expect.stringMatching(/^with \w+ .* would not have matched$/) },
          },
        ],
      },
    });
  });
});

describe("figures", () => {
  it("count every call by time, route, reason and upstream", async () => {
    await ask("hi there");
    const report = v.parse(
      v.looseObject({
        buckets: v.array(v.looseObject({ local: v.number(), forwarded: v.number() })),
        totals: v.looseObject({ requests: v.number(), local: v.number(), savedUsd: v.number() }),
        routes: v.array(v.looseObject({ route: v.string() })),
      }),
      await adminJson(sidecar, "/report?span=24h"),
    );
    const inBuckets = report.buckets.reduce((sum, one) => sum + one.local + one.forwarded, 0);
    expect(inBuckets).toBe(report.totals.requests);
    expect(report.totals.local).toBeGreaterThan(0);
    expect(report.totals.savedUsd).toBeGreaterThan(0);
    expect(report.routes.map(({ route }) => route)).toContain("greeting");
  });

  it("tell what the cache holds and was asked for", async () => {
    const cached = "which planets have rings";
    await ask(cached);
    await eventually(async () => {
      const page = v.parse(
        v.looseObject({ entries: v.number() }),
        await adminJson(sidecar, "/cache"),
      );
      return page.entries > 0 ? true : null;
    });
    await ask(cached);
    expect(await adminJson(sidecar, "/cache")).toMatchObject({
      lookups: { found: expect.any(Number), absent: expect.any(Number) },
      writes: { done: expect.any(Number) },
      maxEntries: expect.any(Number),
      rule: { mode: "exact", scope: "global" },
      routes: [],
    });
  });

  it("tell each provider and target with its limits, and that a credential is held, not which", async () => {
    const page = await adminJson(sidecar, "/targets");
    expect(page).toMatchObject({
      places: [
        { kind: "provider", name: "openai", hasKey: true, url: `${cloud.url}/v1` },
        { kind: "provider", name: "anthropic", hasKey: false },
        {
          kind: "target",
          name: "strong",
          provider: "openai",
          model: "gpt-4o",
          price: { input: 2 },
        },
      ],
    });
  });

  it("tell the model's state, figures, heads and card", async () => {
    expect(await adminJson(sidecar, "/model")).toMatchObject({
      model: "support-v1",
      state: { status: "ready" },
      card: {
        name: "support-v1",
        license: "Apache-2.0",
        heads: expect.arrayContaining([expect.objectContaining({ name: "task" })]),
        accuracy: expect.arrayContaining([expect.objectContaining({ head: "task" })]),
        card: expect.stringContaining("## Limits"),
      },
    });
  });
});

describe("the policy's files", () => {
  it("are shown as they are in force, with what the last load changed", async () => {
    const text = await readFile(sidecar.policyFile, "utf8");
    await writeFile(sidecar.policyFile, text.replace("from 9 to 17", "from 8 to 20"));
    const loads = await eventually(async () => {
      const page = v.parse(
        v.looseObject({ loads: v.array(v.unknown()) }),
        await adminJson(sidecar, "/policy/source"),
      );
      return page.loads.length > 1 ? page.loads : null;
    });
    expect(loads[0]).toMatchObject({ outcome: "loaded", files: [{ added: 1, removed: 1 }] });
    expect(JSON.stringify(await adminJson(sidecar, "/policy/source"))).toContain("from 8 to 20");
  });

  it("are checked in another state without anything being taken up", async () => {
    const before = await adminJson(sidecar, "/policy");
    const check = async (text: string): Promise<unknown> => {
      const body = JSON.stringify({ files: { [sidecar.policyFile]: text } });
      const reply = await fetch(`${sidecar.admin}/policy/check`, { method: "POST", body });
      return reply.json();
    };
    const text = await readFile(sidecar.policyFile, "utf8");
    expect(await check(text.replace("routes:", "rotues:"))).toMatchObject({
      isValid: false,
      problems: [{ file: sidecar.policyFile, message: expect.stringContaining("`routes`") }],
    });
    expect(await check(text.replace("mode: enforce", "mode: observe"))).toMatchObject({
      isValid: true,
      problems: [],
      summary: { mode: "observe", routes: 5 },
      files: [{ path: sidecar.policyFile, added: 1, removed: 1 }],
    });
    expect(await adminJson(sidecar, "/policy")).toEqual(before);
    expect(await readFile(sidecar.policyFile, "utf8")).toBe(text);
  });
});

describe("no page", () => {
  it("holds what callers said, or a credential", async () => {
    const id = await ask(said);
    const paths = ["/", "/decisions", `/call?id=${id}`, "/report", "/targets", "/cache", "/model"];
    for (const path of [...paths, "/policy", "/policy/source", "/metrics"]) {
      const text = await (await fetch(`${sidecar.admin}${path}`)).text();
      expect([path, text.includes(credential), text.includes("mauve")]).toEqual([
        path,
        false,
        false,
      ]);
    }
  });
});
