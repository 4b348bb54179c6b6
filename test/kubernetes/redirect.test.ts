/** Transparent mode in a network namespace: named hosts are led to the sidecar by nftables, everything else goes on as it went. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { main } from "../support/command.ts";
import type { Names } from "./support/names.ts";
import { startNamespace, type Namespace } from "./support/namespace.ts";
import { until, type Daemon } from "./support/process.ts";

const root = resolve(import.meta.dirname, "../..");
const application = 1000;
const sidecarUser = 65_532;
const families = [4, 6] as const;

/** Where the sidecar listens, as the injector says it in a pod whose application has port 4000. */
const port = "4010";

const policy = `version: 1
model: null
providers:
  models: { url: "http://llm.models:8000", hosts: [llm.models:8000] }
  far: { url: "http://far.models:8000", hosts: [far.models:8000] }
routes:
  - { name: ping, when: { text: "^ping$" }, answer: { template: pong } }
`;

const hosts = [
  "10.9.9.9 llm.models other.models",
  "fd00:9::9 llm.models other.models",
  "10.9.9.8 elsewhere.models",
  "fd00:9::8 elsewhere.models",
  "10.7.7.7 far.models",
  "fd00:7::7 far.models",
];

const names: Names = {
  "few.models/4": [["10.5.5.1"], ["10.5.5.2", "10.5.5.1"], ["10.5.5.3"], ["10.5.5.1"]],
  "few.models/6": [["fd00:5::1"], ["fd00:5::2"]],
  "late.models/4": [["10.6.6.1"]],
  "late.models/6": [null, null, null, ["fd00:6::1"]],
  "half.models/4": [["10.6.6.2"]],
  "half.models/6": [null],
  "four.models/4": [["10.6.6.3"]],
  "four.models/6": [[]],
};

interface Pod {
  readonly at: Namespace;
  readonly daemons: Daemon[];
}

async function startPod(setUp: readonly string[]): Promise<Pod> {
  const folder = await mkdtemp(join(tmpdir(), "sidestep-redirect-"));
  const at = await startNamespace(folder, ["10.9.9.9", "10.9.9.8"], hosts);
  for (const each of setUp) {
    const { code, err } = await at.ran(["sh", "-c", each]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
  }
  const pod = { at, daemons: [] };
  await started(pod, [join(import.meta.dirname, "support/names.ts"), JSON.stringify(names)], 0);
  await writeFile(join(folder, "policy.yaml"), policy);
  const places = ["--listen", port, "--admin", "127.0.0.1:4011", "--state", "off"];
  const run = [main, "run", "--policy", join(folder, "policy.yaml"), ...places];
  await started(pod, run, sidecarUser);
  return pod;
}

async function started({ at, daemons }: Pod, args: readonly string[], uid: number): Promise<void> {
  const child = at.daemon([process.execPath, ...args], uid);
  daemons.push(child);
  await until(async () => (child.log().includes('"event":"ready"') ? true : null));
}

async function startCloud(pod: Pod, listen: string): Promise<void> {
  await started(pod, [join(root, "examples/simulated-cloud/main.ts"), "--listen", listen], 0);
}

async function stopPod({ at, daemons }: Pod): Promise<void> {
  for (const each of daemons) await each.stop();
  await at.close();
}

interface Call {
  readonly host: string;
  readonly text?: string;
  readonly uid?: number;
  readonly family?: 4 | 6;
}

/** A call by one family, as by a client that tries no other. */
async function callIn(pod: Pod, { host, text = "ping", ...more }: Call): Promise<unknown> {
  const { uid = application, family = 4 } = more;
  const script = join(import.meta.dirname, "support/call.ts");
  const order = `--dns-result-order=ipv${family}first --no-network-family-autoselection`;
  const command = [process.execPath, script, `http://${host}/v1`, text];
  const { out } = await pod.at.ran(command, uid, { NODE_OPTIONS: order });
  return JSON.parse(out);
}

const redirectIn = ({ at }: Pod, ...args: readonly string[]) =>
  at.ran([process.execPath, main, "redirect", "--to", port, ...args]);
const rulesIn = async ({ at }: Pod): Promise<string> =>
  (await at.ran(["nft", "list", "ruleset"])).out;

const pong = { decision: "local", said: "pong" };
const direct = { decision: null, said: expect.any(String) };

describe("in a network of both families", () => {
  let pod: Pod;
  const call = (one: Call) => callIn(pod, one);
  const redirect = (...args: readonly string[]) => redirectIn(pod, ...args);

  beforeAll(async () => {
    pod = await startPod([
      "ip addr add fd00:9::9 dev lo && ip addr add fd00:9::8 dev lo",
      // A host that is nowhere near, so that a call leaves by an interface and from an address of its own.
      "ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up",
      "ip addr add 10.7.7.1/24 dev v0 && ip addr add fd00:7::1/64 dev v0 nodad",
    ]);
    for (const listen of ["[::]:8000", "[::]:8001"]) await startCloud(pod, listen);
  });
  afterAll(() => stopPod(pod));

  describe("without a redirect", () => {
    it.each(families)("calls by IPv%s go to the host itself", async (family) => {
      expect(await call({ host: "llm.models:8000", family })).toEqual(direct);
    });

    it("a host that has no address is left as it is, with a reason; --strict fails", async () => {
      const flags = ["--host", "nowhere.models", "--limit", "0s"];
      const { code, err } = await redirect(...flags);
      expect(code).toBe(0);
      expect(err).toBe("nowhere.models has no address: calls to it stay as they are\n");
      expect((await redirect(...flags, "--strict")).code).toBe(1);
      expect(await rulesIn(pod)).toBe("");
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
      const { code, err } = await pod.at.ran(args, application);
      expect(code).toBe(0);
      for (const family of families) {
        expect(err).toContain(`nothing is redirected by IPv${family}: `);
        expect(await call({ host: "llm.models:8000", family })).toEqual(direct);
      }
    });
  });

  describe("with a redirect", () => {
    beforeAll(async () => {
      // Twice: an init container may run again.
      for (let run = 0; run < 2; run += 1) {
        const flags = ["--host", "llm.models:8000", "--host", "far.models:8000", "--strict"];
        const { code, err } = await redirect(...flags);
        expect({ code, err }).toEqual({
          code: 0,
          err: `10.9.9.9:8000 leads to port ${port}
10.7.7.7:8000 leads to port ${port}
[fd00:9::9]:8000 leads to port ${port}
[fd00:7::7]:8000 leads to port ${port}
`,
        });
      }
      expect((await rulesIn(pod)).match(/redirect to/g)).toHaveLength(4);
    });

    describe.each(families)("by IPv%s", (family) => {
      it("calls of an application that has only its own base URL come to the sidecar", async () => {
        expect(await call({ host: "llm.models:8000", family })).toEqual(pong);
        const forwarded = await call({ host: "llm.models:8000", text: "hello", family });
        expect(forwarded).toMatchObject({ decision: "forwarded", said: expect.any(String) });
      });

      it("calls to a host beyond an interface come to the sidecar", async () => {
        expect(await call({ host: "far.models:8000", family })).toEqual(pong);
      });

      it("the sidecar's own calls reach the host", async () => {
        const own = await call({ host: "llm.models:8000", uid: sidecarUser, family });
        expect(own).toEqual(direct);
      });

      it("another port and another host are called as before", async () => {
        expect(await call({ host: "llm.models:8001", family })).toEqual(direct);
        expect(await call({ host: "elsewhere.models:8000", family })).toEqual(direct);
      });

      it("a host at the same address that the policy does not name is refused, and goes to no provider", async () => {
        const refused = await call({ host: "other.models:8000", family });
        expect(refused).toMatchObject({
          status: 404,
          fault: expect.stringContaining("no provider"),
        });
      });
    });

    it.each(["127.0.0.1", "[::1]"])("%s as the base URL of a pod still works, too", async (own) => {
      expect(await call({ host: `${own}:${port}` })).toEqual(pong);
    });
  });

  it("where the system takes no rules for IPv6, IPv4 is redirected all the same; --strict fails", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sidestep-nft-"));
    const script = `#!/bin/sh
rules=$(cat)
case $rules in *ip6*) echo "no such table" >&2; exit 1 ;; esac
echo "$rules" | PATH=\${PATH#*:} exec nft "$@"
`;
    await writeFile(join(folder, "nft"), script, { mode: 0o755 });
    const env = { PATH: `${folder}:${process.env["PATH"]}` };
    const args = [main, "redirect", "--to", port, "--host", "llm.models:8000", "--strict"];
    const { code, err } = await pod.at.ran([process.execPath, ...args], 0, env);
    expect({ code, err }).toEqual({
      code: 1,
      err: `10.9.9.9:8000 leads to port ${port}\nnothing is redirected by IPv6: no such table\n`,
    });
    expect(await call({ host: "llm.models:8000", family: 4 })).toEqual(pong);
  });

  describe("names whose answers change", () => {
    beforeEach(async () => {
      await redirect("--host", "llm.models:8000");
    });

    it("every address counts that several lookups bring; what an earlier run led is led no more", async () => {
      const { code, err } = await redirect("--host", "few.models", "--strict");
      const places = ["10.5.5.1", "10.5.5.2", "10.5.5.3", "[fd00:5::1]", "[fd00:5::2]"];
      const lines = places.map((place) => `${place}:80 leads to port ${port}\n`);
      expect({ code, err }).toEqual({ code: 0, err: lines.join("") });
      expect((await rulesIn(pod)).match(/redirect to/g)).toHaveLength(places.length);
    });

    it("a name that has addresses of one family alone is whole", async () => {
      const { code, err } = await redirect("--host", "four.models", "--strict");
      expect({ code, err }).toEqual({ code: 0, err: `10.6.6.3:80 leads to port ${port}\n` });
    });

    it("a family that nobody can tell about yet is asked for again", async () => {
      const { code, err } = await redirect("--host", "late.models", "--strict");
      const lines = ["10.6.6.1", "[fd00:6::1]"].map((one) => `${one}:80 leads to port ${port}\n`);
      expect({ code, err }).toEqual({ code: 0, err: lines.join("") });
    });

    it("a family that nobody can tell about stays as it is, with a reason; --strict fails", async () => {
      const { code, err } = await redirect("--host", "half.models", "--limit", "1s", "--strict");
      expect(err).toBe(
        `half.models: no server tells its IPv6 addresses: calls to these stay as they are
10.6.6.2:80 leads to port ${port}
`,
      );
      expect(code).toBe(1);
      // What an earlier run led by IPv6 is led no more.
      expect((await rulesIn(pod)).match(/redirect to/g)).toHaveLength(1);
    });
  });
});

describe("in a network without IPv6", () => {
  let pod: Pod;

  beforeAll(async () => {
    pod = await startPod(["sysctl -qw net.ipv6.conf.all.disable_ipv6=1"]);
    await startCloud(pod, "10.9.9.9:8000");
  });
  afterAll(() => stopPod(pod));

  it("calls by IPv4 are redirected all the same, and a line says that IPv6 is not there", async () => {
    const { code, err } = await redirectIn(pod, "--host", "llm.models:8000", "--strict");
    expect({ code, err }).toEqual({
      code: 0,
      err: `this network has no ::1: only calls by IPv4 are redirected
10.9.9.9:8000 leads to port ${port}
`,
    });
    expect(await rulesIn(pod)).not.toContain("ip6");
    expect(await callIn(pod, { host: "llm.models:8000" })).toEqual(pong);
    const forwarded = await callIn(pod, { host: "llm.models:8000", text: "hello" });
    expect(forwarded).toMatchObject({ decision: "forwarded" });
  });
});
