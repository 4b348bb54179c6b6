/** The command line: check, explain, help and exit codes, as scripts use them. */
import { exec } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { main, sidestep } from "../support/command.ts";
import { supportPolicy } from "../support/policies.ts";

function policyFile(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "sidestep-")), "policy.yaml");
  writeFileSync(file, text);
  return file;
}

const good = policyFile(supportPolicy("http://127.0.0.1:9"));

describe("sidestep", () => {
  it.each([
    ["--help"],
    ["help"],
    ["run", "--help"],
    ["check", "--help"],
    ["audit", "--help"],
    ["explain", "--help"],
    ["train", "--help"],
    ["models", "--help"],
    ["wait", "--help"],
    ["key", "--help"],
    ["redirect", "--help"],
    ["injector", "--help"],
    ["status", "--help"],
    ["version", "--help"],
  ])("helps: %s %s", async (...args) => {
    const { code, out } = await sidestep(args.filter((arg) => arg !== undefined));
    expect(code).toBe(0);
    expect(out).toContain("sidestep");
  });

  it("names the mend for a word that it does not know", async () => {
    const { code, err } = await sidestep(["chekc"]);
    expect(code).toBe(2);
    expect(err).toContain("check");
  });

  it("says its version", async () => {
    expect((await sidestep(["version"])).out).toMatch(/^sidestep \d+\.\d+\.\d+/);
  });
});

describe("what is wrong with a call of sidestep", () => {
  it("an unknown flag is named with the nearest one, exit 2", async () => {
    const { code, err } = await sidestep(["run", "--polcy", "x"]);
    expect(code).toBe(2);
    expect(err).toContain("`--policy`");
  });

  it("an invalid policy is exit 2 with positions for run and for explain, and no stack", async () => {
    const bad = policyFile("version: 1\nmoed: observe\n");
    for (const args of [["run"], ["explain", "hello"]]) {
      const { code, err } = await sidestep([...args, "--policy", bad]);
      expect(code).toBe(2);
      expect(err).toContain(`${bad}:2:1: `);
      expect(err).not.toContain("    at ");
    }
  });

  it.each(["ENOENT", "holds no PEM certificate"])(
    "an authority file that is of no use is named without a stack, exit 2: %s",
    async (words) => {
      const empty = policyFile("version: 1\nmodel: null\n");
      const file = words === "ENOENT" ? `${empty}.pem` : empty;
      const flags = ["--policy", empty, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
      const { code, err } = await sidestep(["run", ...flags, "--ca-file", file]);
      expect(code).toBe(2);
      expect(err).toContain(file);
      expect(err).toContain(words);
      expect(err).not.toContain("    at ");
    },
  );

  it("an address in use is a failure of the machine, exit 1", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" ? address?.port : 0;
    const policy = policyFile("version: 1\nmodel: null\n");
    const flags = ["--policy", policy, "--listen", `127.0.0.1:${port}`, "--admin", "127.0.0.1:0"];
    const { code, err } = await sidestep(["run", ...flags]);
    taken.close();
    expect(code).toBe(1);
    expect(err).toContain("EADDRINUSE");
  });
});

describe("sidestep check", () => {
  it("exits 0 for a good policy", async () => {
    const { code, out } = await sidestep(["check", "--policy", good]);
    expect(code).toBe(0);
    expect(out).toContain("4 routes".replace("4", "5"));
  });

  it("exits 2 with every problem's position", async () => {
    const bad = policyFile("version: 1\nroutse: []\nmode: enfroce\n");
    const { code, err, out } = await sidestep(["check", "--policy", bad]);
    expect(code).toBe(2);
    const lines = `${out}${err}`.split("\n").filter((line) => /:\d+:\d+: /.test(line));
    expect(lines.some((line) => line.startsWith(`${bad}:2:1: `) && line.includes("routes"))).toBe(
      true,
    );
    expect(lines.some((line) => line.startsWith(`${bad}:3:7: `))).toBe(true);
  });

  it("exits 2 and says so when the file is not there", async () => {
    const { code, err, out } = await sidestep(["check", "--policy", "/nowhere/at-all.yaml"]);
    expect(code).toBe(2);
    expect(`${out}${err}`).toContain("/nowhere/at-all.yaml");
  });
});

describe("the policy that sidestep check looks at", () => {
  const bad = policyFile("version: 1\nroutse: []\n");

  it("is the one that is named, whatever the environment says", async () => {
    const { code, out } = await sidestep(["check", bad], "", { SIDESTEP_POLICY: good });
    expect(code).toBe(2);
    expect(out).toContain(`${bad}:2:1: `);
  });

  it("is one: a second one is not left out in silence", async () => {
    for (const args of [
      ["check", good, bad],
      ["check", "--policy", good, bad],
    ]) {
      const { code, err } = await sidestep(args);
      expect(code).toBe(2);
      expect(err).toContain("one policy");
    }
  });
});

describe("sidestep explain", () => {
  it("shows the decision, the reason and the routes looked at", async () => {
    const { code, out } = await sidestep(["explain", "--policy", good, "hello there"]);
    expect(code).toBe(0);
    expect(out).toContain("answered_template");
    expect(out).toContain("Hello! How can I help you today?");
  });

  it("says nothing about a reader that has seen enough", async () => {
    const command = `"${process.execPath}" "${main}" explain --policy "${good}" hello | true`;
    expect((await promisify(exec)(command)).stderr).toBe("");
  });

  it("explains a request body from standard input as JSON", async () => {
    const body = {
      model: "gpt-4o",
      messages: [{ role: "user", content: "hello" }],
      tools: [{ type: "function", function: { name: "f" } }],
    };
    const { code, out } = await sidestep(
      ["explain", "--policy", good, "--json"],
      JSON.stringify(body),
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ decision: "forwarded", reason: "tools_present" });
  });
});

describe("sidestep wait", () => {
  it("is done when the listener is ready, and fails when it is not within the limit", async () => {
    const server = createHttpServer((_, response) => response.end("ok")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/livez`;
    expect((await sidestep(["wait", "--ready", url])).code).toBe(0);
    server.close();
    const { code, err } = await sidestep(["wait", "--ready", url, "--limit", "300ms"]);
    expect(code).toBe(1);
    expect(err).toContain(url);
  });

  it("waits for a time without one, and refuses what is no duration", async () => {
    expect((await sidestep(["wait", "--limit", "1ms"])).code).toBe(0);
    expect((await sidestep(["wait", "--limit", "soon"])).code).toBe(2);
  });
});

describe("sidestep injector", () => {
  it("runs in a cluster alone, and says so elsewhere", async () => {
    const { code, err } = await sidestep(["injector", "--account", "/nowhere"]);
    expect(code).toBe(2);
    expect(err).toContain("the injector runs in a cluster");
  });
});
