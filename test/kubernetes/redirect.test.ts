/** Transparent mode in a network namespace: named hosts are led to the sidecar by nftables, everything else goes on as it went. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../support/command.ts";
import { startNamespace, type Namespace } from "./support/namespace.ts";
import { until, type Daemon } from "./support/process.ts";

const root = resolve(import.meta.dirname, "../..");
const application = 1000;
const sidecarUser = 65_532;

let at: Namespace;
let folder = "";
const running: Daemon[] = [];

const policy = `version: 1
model: null
providers:
  models: { url: "http://llm.models:8000", hosts: [llm.models:8000] }
routes:
  - { name: ping, when: { text: "^ping$" }, answer: { template: pong } }
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sidestep-redirect-"));
  const hosts = ["10.9.9.9 llm.models other.models", "10.9.9.8 elsewhere.models"];
  at = await startNamespace(folder, ["10.9.9.9", "10.9.9.8"], hosts);
  await writeFile(join(folder, "policy.yaml"), policy);
  const cloud = join(root, "examples/simulated-cloud/main.ts");
  for (const listen of ["10.9.9.9:8000", "10.9.9.9:8001", "10.9.9.8:8000"]) {
    await started([cloud, "--listen", listen], 0);
  }
  const ports = ["--listen", "127.0.0.1:4000", "--admin", "127.0.0.1:4001", "--state", "off"];
  await started([main, "run", "--policy", join(folder, "policy.yaml"), ...ports], sidecarUser);
});
afterAll(async () => {
  for (const each of running) await each.stop();
  await at?.close();
});

async function started(args: readonly string[], uid: number): Promise<void> {
  const child = at.daemon([process.execPath, ...args], uid);
  running.push(child);
  await until(async () => (child.log().includes('"event":"ready"') ? true : null));
}

async function call(host: string, text = "hello", uid = application): Promise<unknown> {
  const script = join(import.meta.dirname, "support/call.ts");
  const { out } = await at.ran([process.execPath, script, `http://${host}/v1`, text], uid);
  return JSON.parse(out);
}

const redirect = (...args: readonly string[]) =>
  at.ran([process.execPath, main, "redirect", ...args]);
const seen = async (): Promise<string> => (await at.ran(["nft", "list", "ruleset"])).out;

describe("without a redirect", () => {
  it("calls go to the host itself", async () => {
    expect(await call("llm.models:8000", "ping")).toMatchObject({ decision: null });
  });

  it("a host that has no address is left as it is, with a reason; --strict fails", async () => {
    const flags = ["--host", "nowhere.models", "--limit", "0s"];
    const { code, err } = await redirect(...flags);
    expect(code).toBe(0);
    expect(err).toBe("nowhere.models has no IPv4 address: calls to it stay as they are\n");
    expect((await redirect(...flags, "--strict")).code).toBe(1);
    expect(await seen()).toBe("");
  });

  it.each([
    [["--host", "llm models"], "a host looks like"],
    [["--host", "a:99999"], "a host looks like"],
    [["--host", "a", "--to", "0"], "expected a number"],
    [["--host", "a", "--uid", "root"], "expected a number"],
    [[], "needs a --host"],
  ])("a flag that is none is refused: %j", async (args, words) => {
    const { code, err } = await redirect(...args);
    expect(code).toBe(2);
    expect(err).toContain(words);
  });

  it("who may not make rules leaves everything as it is, and says why", async () => {
    const args = [process.execPath, main, "redirect", "--host", "llm.models:8000"];
    const { code, err } = await at.ran(args, application);
    expect(code).toBe(0);
    expect(err).toContain("nothing is redirected: ");
    expect(await call("llm.models:8000", "ping")).toMatchObject({ decision: null });
  });
});

describe("with a redirect", () => {
  beforeAll(async () => {
    // Twice: an init container may run again.
    for (let run = 0; run < 2; run += 1) {
      const { code, err } = await redirect("--host", "llm.models:8000", "--strict");
      expect({ code, err }).toEqual({ code: 0, err: "10.9.9.9:8000 leads to port 4000\n" });
    }
    expect((await seen()).match(/redirect to/g)).toHaveLength(1);
  });

  it("calls of an application that has only its own base URL come to the sidecar", async () => {
    expect(await call("llm.models:8000", "ping")).toEqual({ decision: "local", said: "pong" });
    const forwarded = await call("llm.models:8000");
    expect(forwarded).toMatchObject({ decision: "forwarded", said: expect.any(String) });
  });

  it("the sidecar's own calls reach the host", async () => {
    const own = await call("llm.models:8000", "ping", sidecarUser);
    expect(own).toMatchObject({ decision: null, said: expect.any(String) });
  });

  it("another port and another host are called as before", async () => {
    expect(await call("llm.models:8001", "ping")).toMatchObject({ decision: null });
    expect(await call("elsewhere.models:8000", "ping")).toMatchObject({ decision: null });
  });

  it("a host at the same address that the policy does not name is refused, and goes to no provider", async () => {
    const refused = await call("other.models:8000", "ping");
    expect(refused).toMatchObject({ status: 404, fault: expect.stringContaining("no provider") });
  });

  it("the base URL of a pod still works, too", async () => {
    expect(await call("127.0.0.1:4000", "ping")).toEqual({ decision: "local", said: "pong" });
  });
});
