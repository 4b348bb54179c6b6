/** `sidestep audit`: verifies the chain of an audit log, and finds a call's record in it. */
import { readLine } from "../telemetry/audit-chain.ts";
import { checkAudit, type AuditReport } from "../telemetry/audit-check.ts";
import { inOrder, linesOf } from "../telemetry/audit-lines.ts";
import { nearestHint } from "../policy/nearest.ts";
import { exitCodes, UsageError, type Command, type Terminal } from "./command.ts";
import { isOn, readFlags, valueOf, type Flag, type Flags } from "./flags.ts";

const flags: Readonly<Record<string, Flag>> = {
  head: { kind: "string" },
  stream: { kind: "boolean" },
  json: { kind: "boolean" },
};

const help = `sidestep audit: verifies an audit log, and finds records in it

  sidestep audit verify [flags] FILE...   tells whether the chain of records is whole
  sidestep audit find ID FILE...          prints the record of a call as JSON; ID is its
                                          x-sidestep-request-id

  --head HASH   for verify: a hash that was kept elsewhere (from /audit or an audit_head line of
                the log); the chain must hold the record that has it, so that nothing was cut off
                before it
  --stream      for verify: the file is captured standard output, with lines of others between the
                records and a new chain at each start
  --json        for verify: everything that was found, as JSON
  --help        this text

Give all files of the log, in any order: sidestep audit verify /var/log/sidestep/audit.jsonl*
Verify names the first broken place as FILE:LINE: WHY. A half-written last line, as a killed process
may leave it, is told and breaks nothing; the next start mends it.
Exit codes: verify 0 whole, 1 broken; find 0 found, 1 not found; both 2 when a flag is invalid or a
file cannot be read.`;

/** The command. */
export const audit: Command = {
  name: "audit",
  summary: "verify an audit log, or find a call's record in it",
  help,
  run: async (args, terminal) => {
    const given = readFlags(args, flags, terminal.env);
    const [word = "", ...rest] = given.rest;
    if (word === "verify") return await readable(() => verify(rest, given, terminal));
    if (word === "find") return await readable(() => find(rest, terminal));
    const wanted = word === "" ? "" : `, not "${word}"${nearestHint(word, ["verify", "find"])}`;
    throw new UsageError(`audit wants verify or find${wanted}`);
  },
};

/** A file that cannot be read is the caller's mistake, and no broken chain. */
async function readable(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (fault) {
    const isSystem = fault instanceof Error && "syscall" in fault;
    throw isSystem ? new UsageError(fault.message, { cause: fault }) : fault;
  }
}

async function verify(files: readonly string[], given: Flags, terminal: Terminal): Promise<number> {
  if (files.length === 0) throw new UsageError("audit verify needs the files of a log");
  const head = valueOf(given, "head") ?? null;
  if (head !== null && !/^[0-9a-f]{64}$/.test(head)) {
    throw new UsageError("--head is a SHA-256 in 64 hexadecimal digits");
  }
  const report = await checkAudit(files, { isStream: isOn(given, "stream"), head });
  const isWhole = report.broken === null && (head === null || report.sinceHead !== null);
  const lines = isOn(given, "json")
    ? [JSON.stringify({ isWhole, ...report })]
    : reportLines(report, head);
  for (const line of lines) terminal.out(line);
  return isWhole ? exitCodes.ok : exitCodes.failed;
}

function reportLines(report: AuditReport, head: string | null): readonly string[] {
  const { broken, records } = report;
  if (broken !== null) {
    const place = `${broken.file}:${broken.line}: ${broken.because}`;
    return [place, `broken after ${plural(records, "whole record")}`];
  }
  if (head !== null && report.sinceHead === null) {
    return [
      `no record has the hash ${head}: records were cut off, or the chain was written anew`,
      ...notes(report),
    ];
  }
  const span = records === 0 ? "" : ` (${report.first} to ${report.head.seq})`;
  const within = `in ${plural(report.files, "file")}`;
  return [
    `whole: ${plural(records, "record")}${span} ${within}`,
    `head ${report.head.hash}`,
    ...notes(report),
  ];
}

/** What is no breach, but good to know. */
function notes(report: AuditReport): readonly string[] {
  const { half, first, missing, opened, closed, others, sinceHead } = report;
  const told: readonly (readonly [boolean, string])[] = [
    [first > 1, `begins with record ${first}: earlier ones are not in these files`],
    [missing > 0, `${plural(missing, "call")} found no room and are counted in place`],
    [
      opened !== closed,
      `opened ${opened} and closed ${closed} times: still open, killed, or cut off`,
    ],
    [others > 0, `${plural(others, "line")} of others left out`],
    [
      sinceHead !== null,
      `the head that was kept is there, ${plural(sinceHead ?? 0, "record")} from the end`,
    ],
  ];
  const lines = told.flatMap(([isSo, line]) => (isSo ? [line] : []));
  if (half === null) return lines;
  const cut = `${half.file}:${half.line}: half-written last line of ${plural(half.bytes, "byte")}`;
  return [...lines, `${cut}; the next start mends it`];
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

async function find(words: readonly string[], terminal: Terminal): Promise<number> {
  const [id, ...files] = words;
  if (id === undefined || files.length === 0) {
    throw new UsageError("audit find needs an id and the files of a log");
  }
  let found = 0;
  for (const file of await inOrder(files)) {
    for await (const { bytes, number } of linesOf(file)) {
      if (!bytes.includes(id)) continue;
      const line = readLine(bytes);
      if (line.kind !== "record" || line.fields["id"] !== id) continue;
      found += 1;
      terminal.out(JSON.stringify(line.fields, null, 2));
      const flaw = line.isIntact ? "" : ": this record was changed";
      terminal.err(`${file}:${number}${flaw}`);
    }
  }
  if (found > 0) return exitCodes.ok;
  terminal.err(`no record of ${id} in ${plural(files.length, "file")}`);
  return exitCodes.failed;
}
