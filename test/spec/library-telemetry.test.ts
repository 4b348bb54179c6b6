/** What runs in the pod reports to nobody: the model's runtime has a telemetry of its own, which must be off. */
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sidestep } from "../support/command.ts";
import { startSidecar } from "../support/sidecar.ts";

const policy = `version: 1
limits: { decision: 10s }
routes: [{ name: hello, when: { task: greeting }, answer: { template: "hi" } }]
`;

/** Where the runtime would keep a device's number, a database of what to send, and a log. */
function emptyHome(): { readonly folder: string; readonly env: Readonly<Record<string, string>> } {
  const folder = mkdtempSync(join(tmpdir(), "sidestep-home-"));
  return { folder, env: { HOME: folder, TMPDIR: folder, XDG_CACHE_HOME: folder } };
}

it("a sidecar with a model leaves nothing of a library's own", async () => {
  const { folder, env } = emptyHome();
  const sidecar = await startSidecar({ policy, env });
  const reply = await fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "hello" }] }),
  });
  expect(reply.headers.get("x-sidestep-reason")).toBe("answered_template");
  expect(readdirSync(folder)).toEqual(["sidestep"]);
  await sidecar.stop();
  expect(readdirSync(folder)).toEqual(["sidestep"]);
});

it("neither does a command that loads one", async () => {
  const { folder, env } = emptyHome();
  expect((await sidestep(["explain", "hello"], "", env)).code).toBe(0);
  expect(readdirSync(folder)).toEqual(["sidestep"]);
});
