/** The image as a container that is confined as a cluster confines it: serving, stopping, and what it may not do. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { eventually } from "../support/sidecar.ts";
import { isReady, openImage, start, type Image, type Start } from "./support/image.ts";
import type { Container } from "./support/runtime.ts";
import { byModel, byRule } from "../support/greeting-policies.ts";

let full: Image;
let slim: Image;
let cloud: SimulatedCloud;
const running: Container[] = [];

beforeAll(async () => {
  full = openImage("full");
  slim = openImage("slim");
  cloud = await createSimulatedCloud({ ttftMs: 1, tokensPerSecond: 0 });
});

afterAll(() => cloud.close());

afterEach(async () => {
  setPace(0);
  for (const container of running.splice(0)) await container.remove();
});

const url = "http://127.0.0.1:4000/v1/chat/completions";

function policy(rest: string): string {
  return `version: 1\nproviders: { openai: { url: "${cloud.url}/v1" } }\n${rest}`;
}

/** A folder that the image's user may read, mounted as a ConfigMap is. */
function policyFolder(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "sidestep-policy-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "policy.yaml"), text);
  return folder;
}

/** Starts a container without waiting for anything. */
function begun(image: Image, given: Start): Container {
  const container = start(image, given);
  running.push(container);
  return container;
}

/** Starts a sidecar by a policy; resolves when it has written its ready line. */
async function served(image: Image, text: string, given: Start = {}): Promise<Container> {
  const mount = { from: policyFolder(text), to: "/etc/sidestep/policy", isReadOnly: true };
  const container = begun(image, {
    ...given,
    env: { SIDESTEP_POLICY: mount.to, ...given.env },
    mounts: [mount, ...(given.mounts ?? [])],
  });
  await isReady(container);
  return container;
}

function ask(text: string, more: object = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer any" },
    body: JSON.stringify({
      model: "gpt-4o-mini",
      messages: [{ role: "user", content: text }],
      ...more,
    }),
  });
}

/** Where the reply comes from, and what it says. */
async function said(text: string): Promise<readonly [string | null, string]> {
  const reply = await ask(text);
  return [reply.headers.get("x-sidestep-decision"), await reply.text()];
}

const readyLine = v.object({ event: v.literal("ready"), listen: v.string(), admin: v.string() });

describe.each([
  ["full", byModel, "hello"],
  ["slim", byRule, "hello"],
] as const)("the image %s", (name, rules, greeting) => {
  const image = (): Image => (name === "full" ? full : slim);

  it("says that it is ready, forwards a call and answers another", async () => {
    const container = await served(image(), policy(rules));
    expect(v.parse(readyLine, JSON.parse(container.out()))).toMatchObject({
      listen: "http://127.0.0.1:4000",
      admin: "http://127.0.0.1:4001",
    });
    const [there, text] = await said("Compare leasing and buying a delivery van over five years.");
    expect(there).toBe("forwarded");
    expect(text).toContain('"object":"chat.completion"');
    await eventually(async () => ((await said(greeting))[0] === "local" ? true : null));
    expect((await said(greeting))[1]).toContain("Hello from the pod.");
    expect(container.log()).not.toMatch(/"level":"(?:warn|error)"/);
  });

  it("answers its health check once it serves, and `sidestep wait` waits for that", async () => {
    const [, ...check] = image().config.Healthcheck.Test;
    const waiting = begun(image(), { args: ["wait", "--limit", "60s"] });
    await eventually(() => (waiting.isRunning() ? true : null));
    const early = await eventually(async () => {
      const ran = await waiting.exec(...check);
      return ran.err.includes("4001") ? ran : null;
    });
    expect(early.code).toBe(1);
    const container = await served(image(), policy(rules));
    expect(await container.exec(...check)).toEqual({ code: 0, out: "", err: "" });
    const ready = ["--ready", "http://127.0.0.1:4001/readyz", "--limit", "20s"];
    expect(await container.exec("sidestep", "wait", ...ready)).toMatchObject({ code: 0 });
    expect(await container.exec("sidestep", "version")).toMatchObject({ code: 0 });
  });
});

describe("the image without a model", () => {
  it("forwards by a policy that names one, and says so", async () => {
    const container = await served(slim, policy(byModel));
    const reply = await ask("hello");
    expect(reply.headers.get("x-sidestep-decision")).toBe("forwarded");
    expect(reply.headers.get("x-sidestep-reason")).toBe("model_unavailable");
    expect(container.log()).toContain("support-v1");
  });
});

/** How fast replies come, in tokens a second; 0 is without delay. */
function setPace(tokensPerSecond: number): void {
  cloud.state.settings = { ...cloud.state.settings, tokensPerSecond };
}

/** A reply that goes on until the test ends it. */
async function openStream(): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const reply = await ask("tell me a story", { stream: true });
  const reader = reply.body?.getReader();
  if (reader === undefined) throw new Error("no body");
  await reader.read();
  return reader;
}

async function restOf(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += new TextDecoder().decode(value);
  }
}

describe("signals", () => {
  it("SIGTERM lets an open stream run to its end and serves meanwhile, then ends with 0", async () => {
    setPace(40);
    const container = await served(full, policy(byRule), { env: { SIDESTEP_QUIET: "100ms" } });
    const stream = await openStream();
    container.kill("SIGTERM");
    await eventually(async () => {
      const { status } = await fetch("http://127.0.0.1:4001/readyz");
      return status === 503 ? true : null;
    });
    expect((await said("hello"))[0]).toBe("local");
    expect(await restOf(stream)).toContain("data: [DONE]");
    expect(await container.ended).toBe(0);
  });

  it("a second one ends it at once", async () => {
    setPace(1);
    const container = await served(full, policy(byRule));
    const stream = await openStream();
    container.kill("SIGTERM");
    container.kill("SIGINT");
    expect(await container.ended).toBe(0);
    await expect(restOf(stream)).rejects.toThrow();
  });

  it("end a command that handles none, with their number", async () => {
    const container = begun(full, { args: ["wait", "--limit", "60s"] });
    await eventually(async () =>
      (await container.exec("sidestep", "version")).code === 0 ? true : null,
    );
    container.kill("SIGTERM");
    expect(await container.ended).toBe(143);
  });

  it("a command's own exit code is the container's", async () => {
    const container = begun(full, { args: ["check", "--policy", "/nowhere.yaml"] });
    expect(await container.ended).toBe(2);
  });
});

/** What each process inside is doing, by its number there. */
const states = `
const { readdirSync, readFileSync } = require("node:fs");
for (const pid of readdirSync("/proc").filter((name) => /^\\d+$/.test(name)))
  try {
    const [, name, state] = /\\((.*)\\) (\\w)/.exec(readFileSync("/proc/" + pid + "/stat", "utf8"));
    console.log(pid, name, state);
  } catch {}
`;

/** Leaves a child behind that then ends without anybody to wait for it. */
const orphaning = `
const { spawn } = require("node:child_process");
spawn(process.execPath, ["-e", "process.title = 'orphan'; setTimeout(() => {}, 300)"], { detached: true, stdio: "ignore" }).unref();
`;

describe("orphans", () => {
  it("are collected, so that no zombie stays", async () => {
    const container = await served(full, policy(byRule));
    await container.exec("/app/bin/node", "-e", orphaning);
    const seen = async (): Promise<string> =>
      (await container.exec("/app/bin/node", "-e", states)).out;
    expect(await seen()).toContain("orphan");
    const after = await eventually(async () => {
      const text = await seen();
      return text.includes("orphan") ? null : text;
    });
    expect(after).toMatch(/^1 tini S$/m);
    expect(after).not.toMatch(/ Z$/m);
  });
});

const hog = `
const held = [];
for (;;) held.push(Buffer.alloc(16 * 1024 ** 2, 1));
`;

describe("a memory limit", () => {
  it("is in force", async () => {
    const entry = { ...full, config: { ...full.config, Entrypoint: ["/app/bin/node", "-e", hog] } };
    const container = begun(entry, { args: [], memoryBytes: 128 * 1024 ** 2 });
    expect(await container.ended).toBe(137);
  });

  it("of 320 MiB is enough for the model and many large calls at once", async () => {
    const memoryBytes = 320 * 1024 ** 2;
    const env = { NODE_OPTIONS: "--max-old-space-size=160" };
    const container = await served(full, policy(byModel), { memoryBytes, env });
    await eventually(async () => ((await said("hello"))[0] === "local" ? true : null));
    const large = "words ".repeat(100_000);
    for (let round = 0; round < 5; round += 1) {
      const replies = await Promise.all(
        Array.from({ length: 40 }, () => said(large).then(([decision]) => decision)),
      );
      expect(new Set(replies)).toEqual(new Set(["forwarded"]));
    }
    expect((await said("hello"))[0]).toBe("local");
    expect(container.memory().limit).toBe(memoryBytes);
    expect(container.memory().peak).toBeLessThanOrEqual(memoryBytes);
  });
});

/** Everything but the kernel's own folders that its user could write to. */
const writable = `
const { accessSync, constants, readdirSync, writeFileSync } = require("node:fs");
const walk = (folder) => {
  for (const entry of readdirSync(folder || "/", { withFileTypes: true })) {
    const path = folder + "/" + entry.name;
    if (["/proc", "/dev", "/sys"].includes(path) || entry.isSymbolicLink()) continue;
    try { accessSync(path, constants.W_OK); console.log(path); } catch {}
    if (entry.isDirectory()) try { walk(path); } catch {}
  }
};
walk("");
for (const path of ["/x", "/tmp/x", "/app/x"])
  try { writeFileSync(path, ""); console.log("wrote " + path); } catch (fault) { console.error(fault.code); }
`;

describe("a confined container", () => {
  it("can write nowhere, has no capability, gains none, and calls the kernel by the default profile", async () => {
    const container = await served(full, policy(byModel));
    const written = await container.exec("/app/bin/node", "-e", writable);
    expect(written).toMatchObject({
      code: 0,
      out: "",
      err: expect.stringMatching(/^(?:EROFS\n){3}$/),
    });
    const status = `console.log(require("node:fs").readFileSync("/proc/1/status", "utf8"))`;
    const { out } = await container.exec("/app/bin/node", "-e", status);
    expect(out).toMatch(/^Uid:\s+65532\s+65532/m);
    expect(out).toMatch(/^Gid:\s+65532\s+65532/m);
    expect(out).toMatch(/^Cap(?:Eff|Prm|Bnd|Inh|Amb):\s+0+$/m);
    expect(out.match(/^Cap\w+:\s+0+$/gm)).toHaveLength(5);
    expect(out).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(out).toMatch(/^Seccomp:\s+2$/m);
  });

  it("runs as any other user as well", async () => {
    await served(full, policy(byModel), { uid: 1_000_123, gid: 0 });
    await eventually(async () => ((await said("hello"))[0] === "local" ? true : null));
  });

  it("keeps its state and its audit log in a folder that it is given", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sidestep-var-"));
    mkdirSync(join(folder, "state"));
    for (const path of [folder, join(folder, "state")]) chmodSync(path, 0o777);
    const container = await served(
      full,
      policy(`audit: { file: /var/lib/sidestep/audit.jsonl }\n${byModel}`),
      {
        env: { SIDESTEP_STATE: "/var/lib/sidestep/state" },
        mounts: [{ from: folder, to: "/var/lib/sidestep", isReadOnly: false }],
      },
    );
    await eventually(async () => ((await said("hello"))[0] === "local" ? true : null));
    container.kill("SIGTERM");
    container.kill("SIGINT");
    await container.ended;
    const record = readFileSync(join(folder, "audit.jsonl"), "utf8");
    expect(record).toContain('"local"');
    expect(readdirSync(folder)).toContain("audit.jsonl");
  });
});
