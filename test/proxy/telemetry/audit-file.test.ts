/** The audit log on disk: one chain over flushes, files, restarts and full disks; what was not written is counted in its place. */
import { execFileSync } from "node:child_process";
import {
  appendFile,
  mkdtemp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../proxy/core/request.ts";
import { checkAudit, type AuditReport } from "../../../proxy/telemetry/audit-check.ts";
import type { AuditDestination } from "../../../proxy/telemetry/audit-destination.ts";
import { AuditFile } from "../../../proxy/telemetry/audit-file.ts";
import { AuditWriter } from "../../../proxy/telemetry/audit-writer.ts";
import { eventually } from "../../support/sidecar.ts";

const at = "2026-11-21T10:00:00.000Z";

interface Told {
  readonly event: string;
  readonly fields: JsonObject;
}

interface Rig {
  readonly writer: AuditWriter;
  readonly told: Told[];
  /** Adds so many calls and waits until they are written. */
  readonly write: (count: number) => Promise<void>;
  readonly stop: () => Promise<number>;
}

interface RigOptions {
  readonly maxBytes?: number;
  readonly keep?: number;
  readonly queueBytes?: number;
  readonly flushMs?: number;
  readonly destination?: AuditDestination;
}

async function pathIn(name = "audit.jsonl"): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), "audit-")), "log", name);
}

function rigAt(path: string, options: RigOptions = {}): Rig {
  const told: Told[] = [];
  const happened = (event: string, fields: JsonObject): void => void told.push({ event, fields });
  const { maxBytes = 1_000_000, keep = 10 } = options;
  const writer = new AuditWriter({
    destination: options.destination ?? new AuditFile({ path, maxBytes, keep, happened }),
    flushMs: options.flushMs ?? 10,
    queueBytes: options.queueBytes ?? 1_000_000,
    opening: { salt: "process" },
    told: (_level, event, fields) => void told.push({ event, fields }),
  });
  const write = async (count: number): Promise<void> => {
    for (let call = 0; call < count; call += 1) writer.add(callOf(call), at);
    await eventually(() => (writer.state.queuedBytes === 0 ? true : null));
  };
  return { writer, told, write, stop: () => writer.close({ because: "stop" }, at) };
}

function callOf(call: number): JsonObject {
  return { event: "call", at, id: `call-${call}`, pad: "x".repeat(200) };
}

async function filesOf(path: string): Promise<readonly string[]> {
  const folder = join(path, "..");
  return (await readdir(folder)).toSorted().map((name) => join(folder, name));
}

async function reportOf(path: string): Promise<AuditReport> {
  return checkAudit(await filesOf(path), { isStream: false, head: null });
}

async function eventsIn(path: string): Promise<readonly unknown[]> {
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  return lines.map((line): unknown => Object(JSON.parse(line)).event);
}

describe("a log file", () => {
  it("begins with how it was opened, ends with why it was closed, and is its owner's alone", async () => {
    const path = await pathIn();
    const rig = rigAt(path);
    await rig.write(3);
    expect(await rig.stop()).toBe(0);
    expect(await eventsIn(path)).toEqual(["opened", "call", "call", "call", "closed"]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await reportOf(path)).toMatchObject({ broken: null, records: 5, opened: 1, closed: 1 });
    expect(rig.told.at(-1)).toMatchObject({ event: "audit_head", fields: { seq: 5 } });
    expect(rig.writer.state).toMatchObject({ written: 5, dropped: 0, problem: null });
  });

  it("is one write a flush, however many calls have ended", async () => {
    const sizes: number[] = [];
    const destination: AuditDestination = {
      open: () =>
        Promise.resolve({ head: { seq: 0, hash: "" }, because: "created", mendedBytes: 0 }),
      append: (lines) => {
        sizes.push(lines.length);
        return Promise.resolve(lines.length);
      },
    };
    const rig = rigAt("", { destination });
    await rig.write(1);
    sizes.length = 0;
    await rig.write(500);
    expect(sizes).toEqual([500]);
    await rig.stop();
  });

  it("is written before its time when the queue fills up, so that nothing is lost", async () => {
    const path = await pathIn();
    const rig = rigAt(path, { flushMs: 3_600_000, queueBytes: 100_000 });
    rig.writer.add(callOf(0), at);
    await eventually(() => (rig.writer.state.written > 0 ? true : null));
    for (let call = 1; call < 300; call += 1) rig.writer.add(callOf(call), at);
    await eventually(() => (rig.writer.state.written >= 301 ? true : null));
    expect(rig.writer.state.dropped).toBe(0);
    await rig.stop();
  });

  it("is begun anew when it is full: one chain over all files, of which the newest are kept", async () => {
    const path = await pathIn();
    const rig = rigAt(path, { maxBytes: 4096, keep: 3 });
    for (let round = 0; round < 8; round += 1) await rig.write(7);
    await rig.stop();
    const files = await filesOf(path);
    expect(files).toHaveLength(4);
    for (const file of files) expect((await stat(file)).size).toBeLessThanOrEqual(4096);
    const report = await reportOf(path);
    expect(report).toMatchObject({ broken: null, head: { seq: 58 } });
    expect(report.first).toBeGreaterThan(1);
    const rotated = rig.told.filter(({ event }) => event === "audit_rotated");
    expect(rotated.length).toBeGreaterThan(3);
    // What a full file ended with can be kept elsewhere.
    const { file, hash } = rotated.at(-1)?.fields ?? {};
    const ends = (await readFile(typeof file === "string" ? file : path, "utf8")).slice(-68);
    expect(ends).toBe(`${typeof hash === "string" ? hash : ""}"}\n`.padStart(68, '"'));
  });

  it("gives a record that is larger than any file one to itself", async () => {
    const path = await pathIn();
    const rig = rigAt(path, { maxBytes: 300 });
    await rig.write(3);
    await rig.stop();
    expect(await reportOf(path)).toMatchObject({ broken: null, records: 5, files: 5 });
  });
});

describe("a restart", () => {
  it("goes on from the last record and says so", async () => {
    const path = await pathIn();
    const first = rigAt(path);
    await first.write(2);
    await first.stop();
    const second = rigAt(path);
    await second.write(1);
    await second.stop();
    expect(await reportOf(path)).toMatchObject({ broken: null, records: 7, opened: 2, closed: 2 });
    const reopened = (await readFile(path, "utf8")).split("\n")[4] ?? "";
    expect(JSON.parse(reopened)).toMatchObject({
      seq: 5,
      event: "opened",
      because: "restarted",
      continues: 4,
    });
  });

  it("mends a half-written last line and says how much was cut", async () => {
    const path = await pathIn();
    const first = rigAt(path);
    await first.write(2);
    await truncate(path, (await stat(path)).size - 20);
    expect((await reportOf(path)).half).toMatchObject({ line: 3 });
    const second = rigAt(path);
    await second.write(1);
    await second.stop();
    const report = await reportOf(path);
    expect(report).toMatchObject({ broken: null, half: null, records: 5 });
    const opened = second.told.find(({ event }) => event === "audit_opened");
    expect(opened?.fields["mendedBytes"]).toBeGreaterThan(100);
  });

  it("goes on from the last full file when the current one is gone", async () => {
    const path = await pathIn();
    const first = rigAt(path, { maxBytes: 4096 });
    await first.write(20);
    await first.stop();
    const { head } = await reportOf(path);
    await rename(path, `${path}.000000999999`);
    const second = rigAt(path);
    await second.write(1);
    await second.stop();
    expect(await reportOf(path)).toMatchObject({ broken: null, head: { seq: head.seq + 3 } });
  });

  it("leaves a file alone that is no audit log, and says what is wrong", async () => {
    const path = await pathIn("notes.txt");
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, "my notes\n");
    const rig = rigAt(path);
    rig.writer.add(callOf(1), at);
    await eventually(() => (rig.writer.state.problem !== null ? true : null));
    expect(rig.writer.state.problem).toContain("is no audit log");
    await rig.stop();
    expect(await readFile(path, "utf8")).toBe("my notes\n");
  });

  it("after a last record that cannot be read begins a chain, which verifying finds", async () => {
    const path = await pathIn();
    const first = rigAt(path);
    await first.write(1);
    await first.stop();
    await appendFile(path, '{"audit":1,"seq":"?"}\n');
    const second = rigAt(path);
    await second.write(1);
    await second.stop();
    expect((await reportOf(path)).broken).toMatchObject({ line: 4 });
    expect(second.told[0]).toMatchObject({ fields: { because: "unreadable" } });
  });
});

describe("a file that others touch", () => {
  it("and move away is begun anew, in the same chain", async () => {
    const path = await pathIn();
    const rig = rigAt(path);
    await rig.write(2);
    await rename(path, `${path}.moved`);
    await rig.write(2);
    await rig.stop();
    expect(rig.told.some(({ event }) => event === "audit_moved")).toBe(true);
    expect(await reportOf(path)).toMatchObject({ broken: null, records: 6, files: 2 });
  });

  it("and shorten is told at once, and stays broken", async () => {
    const path = await pathIn();
    const rig = rigAt(path);
    await rig.write(3);
    const lines = (await readFile(path, "utf8")).split("\n");
    await truncate(path, Buffer.byteLength(`${lines.slice(0, 2).join("\n")}\n`));
    await rig.write(1);
    await rig.stop();
    expect(rig.told.some(({ event }) => event === "audit_changed")).toBe(true);
    expect((await reportOf(path)).broken).toMatchObject({ line: 3 });
  });
});

const mounted: string[] = [];

afterEach(() => {
  for (const folder of mounted.splice(0)) execFileSync("umount", [folder]);
});

/** A disk of 64 KiB; null where this process may not have one. */
async function tinyDisk(): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), "disk-"));
  try {
    const options = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder];
    execFileSync("mount", options, { stdio: "ignore" });
    mounted.push(folder);
    return folder;
  } catch {
    return null;
  }
}

describe("a disk that is full", () => {
  it("keeps nothing of a write that broke off, and gets all of it once there is room", async (test) => {
    const disk = await tinyDisk();
    if (disk === null) return test.skip("only root may mount a disk");
    await writeFile(join(disk, "ballast"), "x".repeat(40_000));
    const path = join(disk, "log", "audit.jsonl");
    const rig = rigAt(path);
    await rig.write(10);
    const before = await readFile(path, "utf8");
    for (let call = 0; call < 100; call += 1) rig.writer.add(callOf(call), at);
    await eventually(() => (rig.writer.state.problem !== null ? true : null));
    expect(rig.writer.state.problem).toContain("ENOSPC");
    expect(await readFile(path, "utf8")).toBe(before);
    await rm(join(disk, "ballast"));
    await eventually(() => (rig.writer.state.queuedBytes === 0 ? true : null));
    await rig.stop();
    expect(await reportOf(path)).toMatchObject({ broken: null, records: 113, missing: 0 });
    expect(rig.told.map(({ event }) => event)).toContain("audit_resumed");
  });

  it("costs the records that find no room; how many is written in their place", async () => {
    const path = await pathIn();
    await mkdir(join(path, ".."), { recursive: true });
    await symlink("/dev/full", path);
    const rig = rigAt(path, { queueBytes: 3000 });
    for (let call = 0; call < 50; call += 1) rig.writer.add(callOf(call), at);
    const { dropped } = rig.writer.state;
    expect(dropped).toBeGreaterThan(30);
    expect(rig.writer.state.queuedBytes).toBeLessThanOrEqual(3000 + 500);
    await eventually(() => (rig.writer.state.problem !== null ? true : null));
    await rm(path);
    await eventually(() => (rig.writer.state.queuedBytes === 0 ? true : null));
    await rig.write(1);
    await rig.stop();
    const events = await eventsIn(path);
    expect(events.slice(-4)).toEqual(["gap", "resumed", "call", "closed"]);
    expect(await reportOf(path)).toMatchObject({ broken: null, missing: dropped });
    expect(rig.told.filter(({ event }) => event === "audit_failed")).toHaveLength(1);
  });

  it("delays closing for a bounded time only, and what is lost is told", async () => {
    const never = new Promise<number>(() => undefined);
    const destination: AuditDestination = {
      open: () =>
        Promise.resolve({ head: { seq: 0, hash: "" }, because: "created", mendedBytes: 0 }),
      append: () => never,
    };
    const rig = rigAt("", { destination });
    rig.writer.add(callOf(1), at);
    expect(await rig.stop()).toBe(3);
  });
});
