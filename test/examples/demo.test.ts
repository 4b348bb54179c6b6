/** The demo from start to end, as `npm run demo` runs it: it checks itself, so its exit code is the result. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { eventually } from "../support/sidecar.ts";

interface Ended {
  readonly code: unknown;
  readonly output: string;
}

async function run(args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, ["examples/demo/main.ts", ...args]);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, "close");
  return { code, output };
}

it("plays all chapters in under two minutes and finds everything as expected", async () => {
  const { code, output } = await run([]);
  expect(output).toContain("Everything went as expected.");
  expect(code).toBe(0);
  for (const word of ["local", "cache", "stale", "forwarded", "tools_present", "open", "rotues"]) {
    expect(output).toContain(word);
  }
  expect(output).not.toContain("\u001b");
}, 120_000);

it("explains its flags and refuses others", async () => {
  expect(await run(["--help"])).toMatchObject({ code: 0 });
  expect(await run(["--nonsense"])).toMatchObject({ code: 2 });
});

it("stays up with --serve, answers, and ends with 0 on a signal", async () => {
  const port = await freePort();
  const listen = `127.0.0.1:${port}`;
  const flags = ["--serve", "--listen", listen, "--admin", "127.0.0.1:0"];
  const child = spawn(process.execPath, ["examples/demo/main.ts", ...flags]);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await eventually(() => (output.includes("Ctrl-C") ? true : null));
  expect(output).toContain(`curl -i http://${listen}/v1/chat/completions`);
  const reply = await fetch(`http://${listen}/v1/models`);
  expect(reply.status).toBe(200);
  child.kill("SIGTERM");
  const [code] = await once(child, "close");
  expect(code).toBe(0);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
