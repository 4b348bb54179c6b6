/** The chain of an audit log: whatever is changed, taken out, put in or moved is found at its place; what cannot be found is said. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bodyOf, noRecord, sealed } from "../../../proxy/telemetry/audit-chain.ts";
import {
  checkAudit,
  type AuditReport,
  type CheckOptions,
} from "../../../proxy/telemetry/audit-check.ts";
import { auditFields } from "../../../proxy/telemetry/audit-record.ts";
import { callOf, recordOf } from "./records.ts";

/** Lines of a whole chain, `count` calls long. */
function chainOf(count: number, from = noRecord): string[] {
  let head = from;
  return Array.from({ length: count }, (_, at) => {
    const fields = auditFields(recordOf({ id: `call-${at}` }), callOf(), null);
    const line = sealed(bodyOf(fields), head);
    head = line.head;
    return line.text;
  });
}

const strict: CheckOptions = { isStream: false, head: null };

async function reportOf(
  texts: readonly (string | Buffer)[],
  options: Partial<CheckOptions> = {},
): Promise<AuditReport> {
  const folder = await mkdtemp(join(tmpdir(), "audit-"));
  const files = texts.map((_, at) => join(folder, `audit-${at}.jsonl`));
  for (const [at, text] of texts.entries()) await writeFile(files[at] ?? "", text);
  return checkAudit(files, { ...strict, ...options });
}

function hashOf(line: string): string {
  return /"hash":"(\w{64})"\}\n$/.exec(line)?.[1] ?? "";
}

describe("a whole chain", () => {
  it("is told with its length, its span and its head", async () => {
    const lines = chainOf(5);
    const report = await reportOf([lines.join("")]);
    expect(report).toMatchObject({
      broken: null,
      records: 5,
      first: 1,
      head: { seq: 5, hash: hashOf(lines[4] ?? "") },
      half: null,
    });
  });

  it("goes on over files, in whatever order they are named", async () => {
    const lines = chainOf(9);
    const texts = [lines.slice(6), lines.slice(0, 3), lines.slice(3, 6)].map((part) =>
      part.join(""),
    );
    expect(await reportOf(texts)).toMatchObject({ broken: null, records: 9, files: 3 });
  });

  it("may have lost its beginning to rotation, which is told", async () => {
    const report = await reportOf([chainOf(9).slice(4).join("")]);
    expect(report).toMatchObject({ broken: null, records: 5, first: 5 });
  });

  it("may end in a half-written line, which is told with its place", async () => {
    const [one = "", two = "", three = ""] = chainOf(3);
    const report = await reportOf([one + two + three.slice(0, 57)]);
    expect(report).toMatchObject({ broken: null, records: 2, half: { line: 3, bytes: 57 } });
  });

  it("holds a record of any size, of the largest only what tells most", async () => {
    const keywords = Array.from({ length: 50_000 }, (_, at) => `group-${at}`);
    const fields = { event: "call", id: "large", signals: { keywords }, content: "\0".repeat(9) };
    const large = sealed(bodyOf(fields), noRecord);
    expect(JSON.parse(large.text)).toMatchObject({ id: "large", isCut: true });
    const next = sealed(bodyOf({ ...fields, signals: "字".repeat(59_000) }), large.head);
    expect(await reportOf([large.text + next.text])).toMatchObject({ broken: null, records: 2 });
  });

  it("of nothing is whole", async () => {
    expect(await reportOf([""])).toMatchObject({ broken: null, records: 0 });
  });
});

describe("tampering", () => {
  const lines = chainOf(6);
  const [one = "", two = "", three = "", four = ""] = lines;

  async function brokenAt(changed: readonly string[]): Promise<string> {
    const { broken } = await reportOf([changed.join("")]);
    return broken === null ? "whole" : `${broken.line}: ${broken.because}`;
  }

  it("with a record's fields is found at that record", async () => {
    const changed = two.replace('"decision":"local"', '"decision":"cache"');
    expect(await brokenAt([one, changed, three, four])).toBe(
      "2: record 2 was changed: it does not have the hash it carries",
    );
  });

  it("with the last record's fields is found as well", async () => {
    const changed = four.replace("greeting", "another");
    expect(await brokenAt([one, two, three, changed])).toMatch(/^4: record 4 was changed/);
  });

  it("by a record that was sealed anew is found at the one that follows it", async () => {
    const [, other = ""] = chainOf(2, noRecord).map((text) => text);
    const fields = auditFields(recordOf({ id: "forged" }), callOf(), null);
    const forged = sealed(bodyOf(fields), { seq: 1, hash: hashOf(one) }).text;
    expect(other).toBe(two);
    expect(await brokenAt([one, forged, three, four])).toMatch(/^3: record 3 follows another/);
  });

  it("by taking records out is found where they are missing", async () => {
    expect(await brokenAt([one, four])).toBe("2: records 2 to 3 are missing before record 4");
    expect(await brokenAt([one, three, four])).toBe("2: record 2 is missing before record 3");
  });

  it("by putting a record in twice, or in another order, is found", async () => {
    expect(await brokenAt([one, two, two, three])).toMatch(/^3: record 2 stands where record 3/);
    expect(await brokenAt([one, three, two, four])).toMatch(/^2: record 2 is missing/);
  });

  it("by beginning a new chain in the middle is found", async () => {
    expect(await brokenAt([one, two, one, two])).toMatch(/^3: a new chain begins where record 3/);
  });

  it("by lines of another kind is found", async () => {
    expect(await brokenAt([one, "\n", two])).toMatch(/^2: this is no record/);
    expect(await brokenAt([one, '{"level":"info"}\n', two])).toMatch(/^2: this is no record/);
  });

  it("by a first record that follows something is found", async () => {
    const fields = auditFields(recordOf(), callOf(), null);
    const odd = sealed(bodyOf(fields), { seq: 0, hash: "1".repeat(64) }).text;
    expect(await brokenAt([odd])).toMatch(/^1: record 1 follows/);
  });

  it("by emptying a file in the middle is found in the file behind it", async () => {
    const report = await reportOf([lines.slice(0, 2).join(""), "", lines.slice(4).join("")]);
    expect(report.broken).toMatchObject({ line: 1 });
    expect(report.broken?.because).toContain("records 3 to 4 are missing");
  });

  it("with any byte of any record but the last line end is found", async () => {
    const bytes = Buffer.from(lines.join(""));
    const change = fc.record({
      at: fc.integer({ min: 0, max: bytes.length - 2 }),
      to: fc.integer({ min: 0, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, to }) => {
        fc.pre(bytes[at] !== to);
        const changed = Buffer.from(bytes);
        changed[at] = to;
        const { broken } = await reportOf([changed]);
        const line = bytes.subarray(0, at).toString("latin1").split("\n").length;
        expect(broken).not.toBeNull();
        expect([line, line + 1]).toContain(broken?.line);
      }),
      { numRuns: 200 },
    );
  });

  it("by cutting off the end is not found, unless a head was kept elsewhere", async () => {
    const kept = hashOf(lines[5] ?? "");
    const cut = lines.slice(0, 4).join("");
    expect(await reportOf([cut])).toMatchObject({ broken: null });
    expect(await reportOf([cut], { head: kept })).toMatchObject({ broken: null, sinceHead: null });
    expect(await reportOf([lines.join("")], { head: kept })).toMatchObject({ sinceHead: 0 });
    const more = await reportOf([lines.join("")], { head: hashOf(three) });
    expect(more).toMatchObject({ broken: null, sinceHead: 3 });
  });

  it("by writing the whole chain anew is found only by a head that was kept elsewhere", async () => {
    const anew = chainOf(6).map((line) => line);
    const fields = auditFields(recordOf({ id: "forged" }), callOf(), null);
    const forged = sealed(bodyOf(fields), noRecord);
    expect(await reportOf([forged.text], { head: hashOf(anew[0] ?? "") })).toMatchObject({
      broken: null,
      sinceHead: null,
    });
  });
});

describe("a captured stream", () => {
  it("may hold lines of others and a chain for each start", async () => {
    const [one = "", two = ""] = chainOf(2);
    const log = '{"time":"...","level":"info","event":"call"}\n';
    const text = [log, one, log, two, "x".repeat(600_000), "\n", one, two, log].join("");
    expect(await reportOf([text], { isStream: true })).toMatchObject({
      broken: null,
      records: 4,
      others: 4,
    });
    expect((await reportOf([text])).broken).toMatchObject({ line: 1 });
  });

  it("is broken by a record that is gone or cannot be read", async () => {
    const [one = "", two = "", three = ""] = chainOf(3);
    const gone = await reportOf([one + three], { isStream: true });
    expect(gone.broken?.because).toContain("record 2 is missing");
    const torn = await reportOf([`${one}${two.slice(0, 40)}\n${three}`], { isStream: true });
    expect(torn.broken).toMatchObject({ line: 2 });
  });
});
