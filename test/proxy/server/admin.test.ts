/** The admin and health listeners: every path, every refusal. */
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { DecisionRecord } from "../../../proxy/core/decision.ts";
import type { Mode } from "../../../proxy/core/policy.ts";
import type { Question } from "../../../proxy/server/admin-calls.ts";
import { adminPaths } from "../../../proxy/server/admin-paths.ts";
import { createAdminServer, type AdminServerOptions } from "../../../proxy/server/admin.ts";
import { createHealthServer } from "../../../proxy/server/health.ts";
import type { SmallServer } from "../../../proxy/server/small-server.ts";
import { knownSignals, modelOf } from "../../support/builders.ts";
import { begin, RawCaller, send, until, valuesOf, verdictOf, type Seen } from "./harness.ts";

const servers = new Set<SmallServer>();

afterEach(async () => {
  await Promise.all([...servers].map((server) => server.close()));
  servers.clear();
});

function recordOf(id: string): DecisionRecord {
  return {
    id,
    at: "2026-11-21T00:00:00.000Z",
    method: "POST",
    path: "/v1/chat/completions",
    caller: null,
    protocol: "openai-chat",
    model: "m",
    stream: false,
    status: 200,
    ending: "complete",
    verdict: verdictOf({ signals: knownSignals(modelOf()) }),
    policy: "000000000000",
    controls: { mode: null, cache: null, target: null },
    usage: null,
    replyModel: null,
    finishReasons: [],
    overheadMs: 1,
    firstByteMs: 2,
    totalMs: 3,
  };
}

interface Admin {
  readonly port: number;
  readonly asked: readonly Question[];
  readonly faults: readonly unknown[];
  get(path: string, headers?: readonly string[]): Promise<Seen>;
  post(path: string, body: string, headers?: readonly string[]): Promise<Seen>;
}

async function startAdmin(more: Partial<AdminServerOptions> = {}): Promise<Admin> {
  const asked: Question[] = [];
  const faults: unknown[] = [];
  let mode: Mode = "enforce";
  const server = await createAdminServer({
    address: { host: "127.0.0.1", port: 0, isOptional: false },
    faults: { fault: (_where, fault) => void faults.push(fault) },
    isReady: () => true,
    metrics: async () => ({ contentType: "text/plain; version=0.0.4", text: "up 1\n" }),
    policy: () => ({ revision: "abc", prices: new Map([["m", 1]]), pattern: /x+/i }),
    decisions: () => ["c", "b", "a"].map(recordOf),
    explain: async (question) => {
      asked.push(question);
      return question.kind === "body" && question.protocol === "none"
        ? null
        : { decision: "local" };
    },
    audit: () => null,
    breakers: () => [{ name: "openai", state: "open", failures: 3, requests: 4 }],
    places: () => [],
    call: () => null,
    events: { isFull: true, open: () => undefined },
    report: () => null,
    cache: async () => ({}),
    model: async () => ({}),
    policySource: async () => ({}),
    policyFiles: () => [],
    loadEdited: async () => ({ ok: false, problems: [], sources: [], texts: [], revision: "" }),
    policyDiff: async () => [],
    agreement: {
      standings: () => [{ route: "greeting" }],
      feedback: (id) => (id === "a" ? "taken" : id === "b" ? "unanswered" : "unknown"),
      resume: (route) => route === "greeting",
    },
    mode: () => mode,
    setMode: (wanted) => {
      mode = wanted;
    },
    ...more,
  });
  servers.add(server);
  const { port } = server.address;
  return {
    port,
    asked,
    faults,
    get: (path, headers = []) => send(port, { method: "GET", path, headers }),
    post: (path, body, headers = []) => send(port, { method: "POST", path, body, headers }),
  };
}

function jsonOf(seen: Seen): unknown {
  expect(valuesOf(seen.headers, "content-type")).toEqual(["application/json"]);
  return JSON.parse(seen.body.toString());
}

describe("the admin listener", () => {
  it("binds to loopback only", async () => {
    for (const host of ["0.0.0.0", "::", "10.0.0.1"]) {
      const address = { host, port: 0, isOptional: false };
      await expect(startAdmin({ address })).rejects.toThrow(/127\.0\.0\.1:4001/);
    }
  });

  it("has a page that lists its paths", async () => {
    const admin = await startAdmin();
    const page = await admin.get("/");
    expect(valuesOf(page.headers, "content-type")).toEqual(["text/html; charset=utf-8"]);
    for (const path of ["/policy", "/decisions", "/explain", "/targets", "/mode", "/metrics"]) {
      expect(page.body.toString()).toContain(`href="${path}"`);
    }
  });

  it("gives the list of its paths alone to those who ask for no HTML", async () => {
    const admin = await startAdmin();
    for (const accept of ["*/*", "application/json", "text/plain"]) {
      const seen = await admin.get("/", ["Accept", accept]);
      expect(jsonOf(seen)).toEqual({ paths: adminPaths });
    }
    const browser = await admin.get("/", ["Accept", "text/html,application/xhtml+xml,*/*;q=0.8"]);
    expect(valuesOf(browser.headers, "content-type")).toEqual(["text/html; charset=utf-8"]);
  });

  it("answers probes and metrics", async () => {
    let isReady = true;
    const admin = await startAdmin({ isReady: () => isReady });
    expect((await admin.get("/livez")).status).toBe(200);
    expect((await admin.get("/readyz")).status).toBe(200);
    isReady = false;
    expect((await admin.get("/readyz")).status).toBe(503);
    expect((await admin.get("/livez")).status).toBe(200);
    const metrics = await admin.get("/metrics");
    expect(metrics.body.toString()).toBe("up 1\n");
    expect(valuesOf(metrics.headers, "content-type")).toEqual(["text/plain; version=0.0.4"]);
  });

  it("shows the policy with its maps and patterns readable", async () => {
    const admin = await startAdmin();
    expect(jsonOf(await admin.get("/policy"))).toEqual({
      revision: "abc",
      prices: { m: 1 },
      pattern: "x+",
    });
  });

  it("shows the last decisions, newest first, without embeddings", async () => {
    const admin = await startAdmin();
    const all = await admin.get("/decisions");
    expect(jsonOf(all)).toMatchObject({ decisions: [{ id: "c" }, { id: "b" }, { id: "a" }] });
    expect(all.body.toString()).not.toContain("embedding");
    expect(jsonOf(await admin.get("/decisions?limit=1"))).toMatchObject({
      decisions: [{ id: "c" }],
    });
    const one = jsonOf(await admin.get("/decisions?id=a"));
    expect(one).toMatchObject({ decisions: [{ id: "a", path: "/v1/chat/completions" }] });
    expect((await admin.get("/decisions?id=z")).status).toBe(404);
    for (const limit of ["0", "-1", "1.5", "x", "1001"]) {
      expect((await admin.get(`/decisions?limit=${limit}`)).status).toBe(400);
    }
  });

  it("explains a text or a whole body", async () => {
    const admin = await startAdmin();
    const seen = await admin.post("/explain", '{"text":"hi"}');
    expect(jsonOf(seen)).toEqual({ decision: "local" });
    const body = '{"messages":[],"text":"x"}';
    await admin.post("/explain", body);
    await admin.post("/explain?protocol=anthropic-messages", '{"text":"x"}');
    expect(admin.asked).toEqual([
      { kind: "text", text: "hi" },
      { kind: "body", bytes: Buffer.from(body), protocol: null },
      { kind: "body", bytes: Buffer.from('{"text":"x"}'), protocol: "anthropic-messages" },
    ]);
    await admin.get("/explain?text=from%20a%20browser");
    expect(admin.asked.at(-1)).toEqual({ kind: "text", text: "from a browser" });
    for (const bad of ["", "[]", "null", "{", '{"text":1}']) {
      const refused = await admin.post("/explain", bad);
      expect(refused.status).toBe(400);
      expect(refused.body.toString()).toContain("POST");
    }
    expect((await admin.post("/explain?protocol=none", "{}")).status).toBe(400);
  });

  it("shows breakers", async () => {
    const admin = await startAdmin();
    expect(jsonOf(await admin.get("/targets"))).toMatchObject({ targets: [{ state: "open" }] });
  });

  it("stops answering on demand, and goes on again", async () => {
    const admin = await startAdmin();
    expect(jsonOf(await admin.get("/mode"))).toEqual({ mode: "enforce" });
    expect(jsonOf(await admin.post("/mode", '{"mode":"observe"}'))).toEqual({ mode: "observe" });
    expect(jsonOf(await admin.get("/mode"))).toEqual({ mode: "observe" });
    for (const bad of ['{"mode":"off"}', "{}", "off", "", "mode=off", "[]"]) {
      expect((await admin.post("/mode", bad)).status).toBe(400);
    }
    expect(jsonOf(await admin.post("/mode", '{"mode":"enforce"}'))).toEqual({ mode: "enforce" });
  });

  it("understands the stop however it is sent", async () => {
    const admin = await startAdmin();
    const ways = [
      ["/mode", "mode=observe"],
      ["/mode", " observe\n"],
      ["/mode?mode=observe", ""],
    ] as const;
    for (const [path, body] of ways) {
      expect(jsonOf(await admin.post(path, body))).toEqual({ mode: "observe" });
      await admin.post("/mode", "enforce");
    }
  });

  it("says what there is where there is nothing, and which methods a path takes", async () => {
    const admin = await startAdmin();
    const missing = await admin.get("/nothing");
    expect(missing.status).toBe(404);
    expect(missing.body.toString()).toContain("/decisions");
    for (const path of ["/toString", "/__proto__", "//", "/decisions/"]) {
      expect((await admin.get(path)).status).toBe(404);
    }
    const wrong = await send(admin.port, { method: "DELETE", path: "/mode" });
    expect(wrong.status).toBe(405);
    expect(valuesOf(wrong.headers, "allow")).toEqual(["GET, HEAD, POST"]);
    const read = await admin.post("/policy", "{}");
    expect(read.status).toBe(405);
    expect(valuesOf(read.headers, "allow")).toEqual(["GET, HEAD"]);
    const options = await send(admin.port, { method: "OPTIONS", path: "/mode" });
    expect(options.status).toBe(405);
    expect(options.headers.join()).not.toMatch(/access-control/i);
    const head = await begin(admin.port, { method: "HEAD", path: "/livez" });
    expect(head.statusCode).toBe(200);
    head.resume();
  });

  it("keeps strangers' names and pages out", async () => {
    const admin = await startAdmin();
    for (const host of ["evil.example", "127.0.0.1.evil.example:4001", "", "10.0.0.1"]) {
      expect((await admin.get("/policy", ["Host", host])).status).toBe(403);
    }
    for (const host of ["localhost:4001", "127.0.0.1", "[::1]:4001"]) {
      expect((await admin.get("/policy", ["Host", host])).status).toBe(200);
    }
    const stop = '{"mode":"observe"}';
    for (const origin of ["https://evil.example", "null"]) {
      expect((await admin.post("/mode", stop, ["Origin", origin])).status).toBe(403);
    }
    expect(jsonOf(await admin.get("/mode"))).toEqual({ mode: "enforce" });
    expect((await admin.post("/mode", stop, ["Origin", "http://localhost:4001"])).status).toBe(200);
  });

  it("lets a browser's page of another port read nothing into it and change nothing", async () => {
    const admin = await startAdmin();
    const stop = '{"mode":"observe"}';
    for (const site of ["same-site", "cross-site"]) {
      const from = ["Origin", "http://localhost:3000", "Sec-Fetch-Site", site];
      expect((await admin.post("/mode", stop, from)).status).toBe(403);
      expect((await admin.post("/explain", '{"text":"x"}', from)).status).toBe(403);
    }
    expect(jsonOf(await admin.get("/mode"))).toEqual({ mode: "enforce" });
    const policy = await admin.get("/policy");
    expect(valuesOf(policy.headers, "cross-origin-resource-policy")).toEqual(["same-origin"]);
    const own = ["Origin", "http://localhost:4001", "Sec-Fetch-Site", "same-origin"];
    expect((await admin.post("/mode", stop, own)).status).toBe(200);
  });

  it("allows the page no script and no style but its own files, no frame and no other host", async () => {
    const admin = await startAdmin();
    const [policy = ""] = valuesOf((await admin.get("/")).headers, "content-security-policy");
    const rules = new Map(policy.split("; ").map((rule) => [rule.split(" ")[0], rule]));
    expect(rules.get("default-src")).toBe("default-src 'none'");
    expect(rules.get("script-src")).toBe("script-src 'self'");
    expect(rules.get("style-src")).toBe("style-src 'self'");
    expect(rules.get("connect-src")).toBe("connect-src 'self'");
    expect(rules.get("frame-ancestors")).toBe("frame-ancestors 'none'");
    expect(rules.get("require-trusted-types-for")).toBe("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
  });

  it("serves what its table lists, and lists what it serves", async () => {
    const admin = await startAdmin();
    const missing = await admin.get("/nothing");
    for (const { path, method } of adminPaths) {
      const seen = await send(admin.port, { method: "DELETE", path });
      expect(`${path} ${valuesOf(seen.headers, "allow").join()}`).toContain(method);
      expect(missing.body.toString()).toContain(path);
    }
    const listed = missing.body.toString().match(/\/[a-z/]*(?=[,.])/g) ?? [];
    expect(new Set(listed)).toEqual(new Set(adminPaths.map(({ path }) => path)));
  });

  it("opens one call, reports and checks only what it is asked rightly", async () => {
    const admin = await startAdmin({
      call: (id) => (id === "a" ? { record: { id } } : null),
      report: (span) => (span === "1h" ? { span } : null),
      policyFiles: () => ["/p/policy.yaml"],
      loadEdited: async (edits) => ({
        ok: false,
        problems: [{ file: [...edits.keys()].join(), line: 1, column: 2, message: "no" }],
        sources: [],
        texts: [],
        revision: "",
      }),
    });
    expect(jsonOf(await admin.get("/call?id=a"))).toEqual({ record: { id: "a" } });
    expect((await admin.get("/call?id=b")).status).toBe(404);
    expect(jsonOf(await admin.get("/report"))).toEqual({ span: "1h" });
    expect((await admin.get("/report?span=2h")).status).toBe(400);
    expect((await admin.get("/events")).status).toBe(503);
    const found = {
      isValid: false,
      problems: [{ file: "/p/policy.yaml", line: 1, column: 2, message: "no" }],
      summary: null,
      files: [],
    };
    const edit = '{"files":{"/p/policy.yaml":"a: 1"}}';
    expect(jsonOf(await admin.post("/policy/check", edit))).toEqual(found);
    expect(jsonOf(await admin.post("/policy/check", "version: 1"))).toEqual(found);
    for (const bad of [
      "",
      "{}x",
      '{"files":{}}',
      '{"files":{"/etc/passwd":"a"}}',
      '{"files":{"/p/policy.yaml":1}}',
      '{"files":null}',
    ]) {
      const status = (await admin.post("/policy/check", bad)).status;
      expect([bad, status]).toEqual([bad, bad === "{}x" ? 200 : 400]);
    }
  });

  it("bounds bodies", async () => {
    const admin = await startAdmin();
    expect((await admin.post("/explain", "x".repeat(4_194_305))).status).toBe(413);
    expect(admin.asked).toEqual([]);
  });

  it("reports its own faults without detail, and callers who leave not at all", async () => {
    const admin = await startAdmin({
      policy: () => {
        throw new Error("secret");
      },
    });
    const failed = await admin.get("/policy");
    expect(failed.status).toBe(500);
    expect(failed.body.toString()).not.toContain("secret");
    expect(admin.faults).toHaveLength(1);
    const caller = await RawCaller.to(admin.port);
    caller.write("POST /explain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{");
    await new Promise((resolve) => setImmediate(resolve));
    caller.socket.resetAndDestroy();
    await caller.closed;
    expect((await admin.get("/livez")).status).toBe(200);
    expect(admin.faults).toHaveLength(1);
  });
});

describe("the health listener", () => {
  it("has probes and metrics on any address, by any name, and nothing else", async () => {
    const server = await createHealthServer({
      address: { host: "0.0.0.0", port: 0, isOptional: false },
      faults: { fault: () => undefined },
      isReady: () => false,
      metrics: async () => ({ contentType: "text/plain", text: "up 1" }),
    });
    servers.add(server);
    const { port } = server.address;
    const get = (path: string): Promise<Seen> =>
      send(port, { method: "GET", path, headers: ["Host", "10.1.2.3:4002"] });
    expect((await get("/livez")).status).toBe(200);
    expect((await get("/readyz")).status).toBe(503);
    expect((await get("/metrics")).body.toString()).toBe("up 1");
    for (const path of ["/", "/policy", "/decisions", "/mode"]) {
      expect((await get(path)).status).toBe(404);
    }
    const socket = connect(port, "127.0.0.1");
    let isClosed = false;
    socket.on("close", () => (isClosed = true));
    await new Promise((resolve) => socket.once("connect", resolve));
    await server.close();
    await until(() => isClosed);
  });

  it("fails when its address is taken", async () => {
    const admin = await startAdmin();
    const address = { host: "127.0.0.1", port: admin.port, isOptional: false };
    await expect(startAdmin({ address })).rejects.toThrow("EADDRINUSE");
  });
});
