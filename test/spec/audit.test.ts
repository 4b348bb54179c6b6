/** The audit log of the real program: every decision, chained over restarts, crashes and full disks, and found by its request id. */
import { once } from "node:events";
import {
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import * as v from "valibot";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSimulatedCloud, type SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import { sidestep } from "../support/command.ts";
import { adminJson, eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

type Fields = Readonly<Record<string, unknown>>;

const decisionsPage = v.object({ decisions: v.tuple([v.looseObject({ trail: v.unknown() })]) });

const longQuestion = `write to whom? my card is 4111 1111 1111 1111 ${"x ".repeat(99)}`;

let cloud: SimulatedCloud;
let folder = "";
let file = "";
const running: Sidecar[] = [];

beforeAll(async () => {
  cloud = await createSimulatedCloud({
    ttftMs: 1,
    tokensPerSecond: 0,
    answers: [{ text: longQuestion, answer: "Write to jane.roe@example.com." }],
  });
});

afterAll(() => cloud?.close());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sidestep-audit-"));
  file = join(folder, "audit.jsonl");
});

afterEach(async () => {
  for (const sidecar of running.splice(0)) await sidecar.stop();
  await rm(folder, { recursive: true, force: true });
});

function policyFor(audit: string): string {
  return `version: 1
model: null
providers:
  openai: { url: ${cloud.url}/v1, region: eu-west-1 }
audit: { ${audit} }
routes:
  - name: ping
    when: { text: ^ping }
    answer: { template: pong }
  - name: rest
    forward: {}
`;
}

async function start(audit: string, flags: readonly string[] = []): Promise<Sidecar> {
  const sidecar = await startSidecar({ policy: policyFor(audit), flags });
  running.push(sidecar);
  return sidecar;
}

/** Asks as an application does; the call's id. */
async function ask(
  sidecar: Sidecar,
  text: string,
  key = "sk-test",
  stream = false,
): Promise<string> {
  const client = new OpenAI({ baseURL: `${sidecar.url}/v1`, apiKey: key, maxRetries: 0 });
  const messages = [{ role: "user", content: text } as const];
  const { data, response } = await client.chat.completions
    .create({ model: "gpt-4o", messages, stream })
    .withResponse();
  if ("controller" in data) for await (const chunk of data) void chunk;
  return response.headers.get("x-sidestep-request-id") ?? "";
}

async function recordsIn(path: string): Promise<readonly Fields[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Fields => Object(JSON.parse(line)));
}

/** The record of a call, or what followed it, once it is on disk. */
function written(id: string, event = "call"): Promise<Fields> {
  return eventually(async () => {
    const records = await recordsIn(file);
    return records.find((one) => one["id"] === id && one["event"] === event) ?? null;
  });
}

/** So many comparisons of a call, once they are on disk. */
function comparedTo(id: string, count: number): Promise<readonly Fields[]> {
  return eventually(async () => {
    const records = await recordsIn(file);
    const found = records.filter((one) => one["event"] === "compared" && one["id"] === id);
    return found.length === count ? found : null;
  });
}

async function allFiles(): Promise<readonly string[]> {
  return (await readdir(folder)).map((name) => join(folder, name));
}

async function verify(...flags: readonly string[]): Promise<{ code: number; out: string }> {
  return sidestep(["audit", "verify", ...flags, ...(await allFiles())]);
}

async function killed(sidecar: Sidecar): Promise<void> {
  const gone = once(sidecar.process, "exit");
  sidecar.process.kill("SIGKILL");
  await gone;
}

async function metric(sidecar: Sidecar, name: string): Promise<number> {
  const text = await (await fetch(`${sidecar.admin}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
}

describe("a decision in the audit log", () => {
  it("is the record that header, log and /decisions show, found by its request id", async () => {
    const sidecar = await start(`file: ${file}, flush: 20ms`);
    const id = await ask(sidecar, "tell me a story");
    const record = await written(id);
    expect(record).toMatchObject({
      event: "call",
      decision: "forwarded",
      route: "rest",
      provider: "openai",
      region: "eu-west-1",
      cache: "bypass",
      model: "gpt-4o",
      status: 200,
      isUsageEstimate: false,
      classifier: null,
    });
    expect(record["costUsd"]).toBeGreaterThan(0);
    expect(record["caller"]).toMatch(/^[0-9a-f]{16}$/);
    expect(record["policyHash"]).toMatch(new RegExp(`^${String(record["policy"])}[0-9a-f]{52}$`));
    expect(record).not.toHaveProperty("request");

    const { code, out } = await sidestep(["audit", "find", id, file]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(record);

    const decided = await adminJson(sidecar, `/decisions?id=${id}`);
    const { trail: _trail, ...shown } = v.parse(decisionsPage, decided).decisions[0];
    expect(record).toMatchObject(shown);
    const line =
      sidecar
        .log()
        .split("\n")
        .find((each) => each.includes(id)) ?? "";
    expect(record).toMatchObject(withoutTimes(Object(JSON.parse(line))));
  });

  it("holds content only where the policy asks for it, masked and cut, streamed or not", async () => {
    const sidecar = await start(`file: ${file}, flush: 20ms, content: { max_chars: 60 }`);
    for (const stream of [false, true]) {
      const id = await ask(sidecar, longQuestion, "sk-test", stream);
      expect((await written(id))["request"]).toMatch(
        /^write to whom\? my card is \[card\] x[x ]+…$/,
      );
      expect((await written(id, "reply"))["reply"]).toBe("Write to [email].");
    }
    const local = await ask(sidecar, "ping a@b.example");
    expect((await written(local))["request"]).toBe("ping [email]");
    expect((await written(local, "reply"))["reply"]).toBe("pong");
    expect((await verify()).code).toBe(0);
  });

  it("may hold the request alone", async () => {
    const sidecar = await start(`file: ${file}, flush: 20ms, content: { reply: false }`);
    const id = await ask(sidecar, "write to whom");
    expect((await written(id))["request"]).toBe("write to whom");
    await sidecar.stop();
    expect((await recordsIn(file)).map(({ event }) => event)).toEqual(["opened", "call", "closed"]);
  });

  it("is followed by what a comparison with the cloud said of it, and by the application's verdict", async () => {
    const policy = `${policyFor(`file: ${file}, flush: 20ms`)}verify: 100%\n`;
    const sidecar = await startSidecar({ policy });
    running.push(sidecar);
    const id = await ask(sidecar, "ping");
    await comparedTo(id, 1);
    const body = JSON.stringify({ id, verdict: "wrong" });
    expect((await fetch(`${sidecar.admin}/feedback`, { method: "POST", body })).ok).toBe(true);
    expect(await comparedTo(id, 2)).toMatchObject([
      { route: "ping", outcome: "unclear", by: "estimate" },
      { route: "ping", outcome: "disagree", by: "feedback" },
    ]);
    expect((await verify()).code).toBe(0);
    const { out } = await sidestep(["audit", "find", id, file]);
    expect(out.match(/"event": "\w+"/g)).toEqual([
      '"event": "call"',
      '"event": "compared"',
      '"event": "compared"',
    ]);
  });

  it("names a caller by a hash that needs the salt, and tells callers apart", async () => {
    const salt = "0123456789abcdef";
    const first = await start(`file: ${file}, flush: 20ms, salt: "${salt}"`);
    const ann = await written(await ask(first, "ping", "sk-ann"));
    const bob = await written(await ask(first, "ping", "sk-bob"));
    expect(ann["caller"]).not.toBe(bob["caller"]);
    expect(await readFile(file, "utf8")).not.toContain("sk-");
    await killed(first);
    const second = await start(`file: ${file}, flush: 20ms, salt: "${salt}"`);
    expect((await written(await ask(second, "ping", "sk-ann")))["caller"]).toBe(ann["caller"]);
    await killed(second);
    const third = await start(`file: ${file}, flush: 20ms, salt: "another salt 123"`);
    expect((await written(await ask(third, "ping", "sk-ann")))["caller"]).not.toBe(ann["caller"]);
    const marks = (await recordsIn(file)).filter(({ event }) => event === "opened");
    expect(marks.map((opened) => opened["salt"])).toEqual(["policy", "policy", "policy"]);
  });
});

/** A log line without its own time and level. */
function withoutTimes({ time: _time, level: _level, ...fields }: Fields): Fields {
  return fields;
}

describe("a crash", () => {
  it("costs no more than the last flush; the chain verifies, and the next start goes on with it", async () => {
    const first = await start(`file: ${file}, flush: 20ms, max_bytes: 8KiB, keep: 100`);
    const load = new AbortController();
    const asking = Promise.allSettled(
      Array.from({ length: 4 }, async () => {
        while (!load.signal.aborted) await ask(first, "ping");
      }),
    );
    await eventually(async () => ((await readdir(folder)).length > 3 ? true : null));
    const safe = await ask(first, "ping");
    await eventually(async () => {
      const { code } = await sidestep(["audit", "find", safe, ...(await allFiles())]);
      return code === 0 ? true : null;
    });
    await killed(first);
    load.abort();
    await asking;
    const crashed = await verify();
    expect(crashed.out).toContain("whole: ");
    expect(crashed.code).toBe(0);

    const second = await start(`file: ${file}, flush: 20ms, max_bytes: 8KiB, keep: 100`);
    const id = await ask(second, "ping");
    await eventually(async () => {
      const { code } = await sidestep(["audit", "find", id, ...(await allFiles())]);
      return code === 0 ? true : null;
    });
    const { code, out } = await verify();
    expect(out).toMatch(/^whole: \d+ records \(1 to /);
    expect(out).toContain("opened 2 and closed 0 times");
    expect(code).toBe(0);
    expect(second.log()).toContain('"because":"restarted"');
  });

  it("may leave half a line, which is told, and mended at the next start", async () => {
    const first = await start(`file: ${file}, flush: 20ms`);
    await written(await ask(first, "ping"));
    await killed(first);
    await truncate(file, (await stat(file)).size - 33);
    const torn = await verify();
    expect(torn.code).toBe(0);
    expect(torn.out).toContain(`${file}:2: half-written last line of `);

    const second = await start(`file: ${file}, flush: 20ms`);
    await written(await ask(second, "ping"));
    const mended = await verify();
    expect(mended.code).toBe(0);
    expect(mended.out).not.toContain("half-written");
    const opened = (await recordsIn(file)).filter(({ event }) => event === "opened");
    expect(opened[1]).toMatchObject({ because: "restarted", continues: 1 });
    expect(opened[1]?.["mendedBytes"]).toBeGreaterThan(100);
  });
});

describe("a full disk", () => {
  it("stops no call, is seen in metric, log and /audit, and is in the chain afterwards", async () => {
    await symlink("/dev/full", file);
    const sidecar = await start(`file: ${file}, flush: 20ms`);
    const ids = await Promise.all(Array.from({ length: 50 }, () => ask(sidecar, "ping")));
    await eventually(async () =>
      (await metric(sidecar, "sidestep_audit_failing")) === 1 ? true : null,
    );
    expect(sidecar.log()).toMatch(/"event":"audit_failed".*ENOSPC/);
    expect(await adminJson(sidecar, "/audit")).toMatchObject({
      audit: { file, written: 0, dropped: 0, problem: expect.stringContaining("ENOSPC") },
    });
    ids.push(await ask(sidecar, "ping"));

    await rm(file);
    await eventually(async () =>
      (await metric(sidecar, "sidestep_audit_failing")) === 0 ? true : null,
    );
    ids.push(await ask(sidecar, "ping"));
    for (const id of ids) await written(id);
    await sidecar.stop();
    expect((await verify()).code).toBe(0);
    const resumed = (await recordsIn(file)).filter(({ event }) => event === "resumed");
    expect(resumed).toMatchObject([{ error: "ENOSPC", since: expect.stringMatching(/^20/) }]);
    expect(sidecar.log()).toContain('"event":"audit_resumed"');
  });
});

describe("a reload", () => {
  async function replaceBy(sidecar: Sidecar, audit: string): Promise<void> {
    await writeFile(`${sidecar.policyFile}.new`, policyFor(audit));
    await rename(`${sidecar.policyFile}.new`, sidecar.policyFile);
  }

  it("switches the log on and off, and both show in it", async () => {
    const sidecar = await start(`flush: 20ms`);
    const unseen = await ask(sidecar, "ping");
    expect(await adminJson(sidecar, "/audit")).toEqual({ audit: null });
    await replaceBy(sidecar, `file: ${file}, flush: 20ms`);
    await eventually(async () => ((await recordsIn(file)).length > 0 ? true : null));
    const seen = await ask(sidecar, "ping");
    await written(seen);
    await replaceBy(sidecar, `flush: 20ms`);
    await eventually(async () =>
      (await recordsIn(file)).at(-1)?.["event"] === "closed" ? true : null,
    );
    const late = await ask(sidecar, "ping");
    const records = await recordsIn(file);
    expect(records.map(({ event }) => event)).toEqual(["opened", "call", "closed"]);
    expect(records.at(-1)).toMatchObject({ because: "reload" });
    for (const id of [unseen, late]) {
      expect((await sidestep(["audit", "find", id, file])).code).toBe(1);
    }
    expect((await verify()).code).toBe(0);
  });

  it("goes on with the chain when it changes how the log is kept", async () => {
    const sidecar = await start(`file: ${file}, flush: 20ms`);
    await written(await ask(sidecar, "ping"));
    await replaceBy(sidecar, `file: ${file}, flush: 20ms, keep: 3`);
    await eventually(async () => ((await recordsIn(file)).length > 3 ? true : null));
    await written(await ask(sidecar, "ping"));
    expect((await verify()).out).toMatch(/^whole: 5 records \(1 to 5\)/);
  });
});

describe("standard output", () => {
  it("carries the ready line first, then the records; each start begins a chain", async () => {
    const outs: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const sidecar = await start("file: stdout, flush: 20ms");
      const id = await ask(sidecar, "ping");
      await eventually(() => (sidecar.out().includes(id) ? true : null));
      await sidecar.stop();
      outs.push(sidecar.out());
    }
    for (const out of outs) {
      const events = out
        .trimEnd()
        .split("\n")
        .map((line): unknown => Object(JSON.parse(line)).event);
      expect(events).toEqual(["ready", "opened", "call", "closed"]);
    }
    await writeFile(file, outs.join(""));
    const { code, out } = await verify("--stream");
    expect(out).toContain("whole: 6 records");
    expect(out).toContain("2 lines of others left out");
    expect(code).toBe(0);
  });
});

describe("sidestep audit", () => {
  it("names the first broken place with file and line, exit 1", async () => {
    const sidecar = await start(`file: ${file}, flush: 20ms`);
    const id = await ask(sidecar, "ping");
    await written(id);
    await written(await ask(sidecar, "ping"));
    await sidecar.stop();
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace('"route":"ping"', '"route":"rest"'));
    const { code, out } = await verify();
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`^${file}:2: record 2 was changed`));
    const found = await sidestep(["audit", "find", id, file]);
    expect(found.code).toBe(0);
    expect(found.err).toContain("this record was changed");
  });

  it("finds what was cut off by a head that was kept: of /audit, or of the log", async () => {
    const sidecar = await start(`file: ${file}, flush: 20ms`);
    await written(await ask(sidecar, "ping"));
    await sidecar.stop();
    const heads = [...sidecar.log().matchAll(/"event":"audit_head".*"hash":"(\w{64})"/g)];
    const kept = heads.at(-1)?.[1] ?? "";
    const last = /"hash":"(\w{64})"\}\n$/.exec(await readFile(file, "utf8"))?.[1];
    expect(kept).toBe(last);
    expect((await verify("--head", kept)).code).toBe(0);
    const lines = (await readFile(file, "utf8")).split("\n");
    await writeFile(file, `${lines.slice(0, 2).join("\n")}\n`);
    expect((await verify()).code).toBe(0);
    const cut = await verify("--head", kept);
    expect(cut.code).toBe(1);
    expect(cut.out).toContain("records were cut off");
  });

  it("tells everything as JSON", async () => {
    const sidecar = await start(`file: ${file}, flush: 20ms`);
    await written(await ask(sidecar, "ping"));
    const { out } = await verify("--json");
    expect(JSON.parse(out)).toMatchObject({ isWhole: true, records: 2, broken: null, half: null });
  });

  it.each([
    [["audit"], "verify or find"],
    [["audit", "verfy", "x"], "`verify`"],
    [["audit", "verify"], "files of a log"],
    [["audit", "verify", "/nowhere/audit.jsonl"], "ENOENT"],
    [["audit", "verify", "--head", "abc", "/dev/null"], "64 hexadecimal digits"],
    [["audit", "find", "some-id"], "an id and the files"],
  ])("exits 2 for a mistake in the call: %s", async (args, words) => {
    const { code, err } = await sidestep(args);
    expect(code).toBe(2);
    expect(err).toContain(words);
    expect(err).not.toContain("    at ");
  });
});
