/** The policy's folder goes away and comes back: the last good policy stays in force, and nobody has to do anything. */
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, eventsOf, metric, noticed, underLoad } from "../support/application.ts";
import { eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

let folder: string;
let sidecar: Sidecar;

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "sidestep-policy-")), "policy");
  await write("Hello!");
  sidecar = await startSidecar({ policy: "", place: folder });
});

afterAll(() => sidecar?.stop());

async function write(answer: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "10-base.yaml"), "version: 1\nmodel: null\n");
  await writeFile(
    join(folder, "20-routes.yaml"),
    `routes: [{ name: hello, when: { text: hello }, answer: { template: ${answer} } }]\n`,
  );
}

const lastReload = (is: "0" | "1"): Promise<unknown> =>
  eventually(() =>
    metric(sidecar, new RegExp(`^sidestep_policy_last_reload_successful (${is})`, "mu")),
  );

const says = async (): Promise<string> => (await ask(sidecar.url, "hello")).body;

describe.each([
  ["deleted", () => rm(folder, { recursive: true })],
  ["moved away", () => rename(folder, `${folder}.away`)],
  [
    "emptied",
    async () =>
      Promise.all(["10-base.yaml", "20-routes.yaml"].map((name) => rm(join(folder, name)))),
  ],
])("a policy folder that is %s", (how, remove) => {
  it("leaves the last good policy in force, is told, and counts again as soon as it is back", async () => {
    const calls = await underLoad(sidecar, "hello", async () => {
      await remove();
      await lastReload("0");
      const page = await (await fetch(`${sidecar.admin}/policy`)).text();
      expect(page).toContain(folder);
      expect(page).toMatch(/"problems": \[\s*"/u);
      expect(eventsOf(sidecar, "policy_refused").length).toBeGreaterThan(0);
      await write(`after it was ${how}`);
      await lastReload("1");
      await eventually(async () => ((await says()).includes(how) ? true : null));
    });
    expect(noticed(calls)).toEqual([]);
    expect(new Set(calls.map(({ decision }) => decision))).toEqual(new Set(["local"]));
  });
});

describe("a policy folder that comes back as it was", () => {
  it("is no change, and the problem is over", async () => {
    const before = await says();
    await rename(folder, `${folder}.gone`);
    await lastReload("0");
    await rename(`${folder}.gone`, folder);
    await lastReload("1");
    const contentOf = (body: string): string => /"content":"[^"]*"/u.exec(body)?.[0] ?? "";
    expect(contentOf(await says())).toBe(contentOf(before));
    const page = await (await fetch(`${sidecar.admin}/policy`)).text();
    expect(page).toMatch(/"problems": \[\]/u);
  });
});
