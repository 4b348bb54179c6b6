/** `sidestep redirect`: leads a pod's plain HTTP calls to named hosts to the sidecar, by rules of nftables; an init container runs it. */
import { once } from "node:events";
import { lookup } from "node:dns/promises";
import { isIPv4 } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { exitCodes, UsageError, type Command, type Terminal } from "./command.ts";
import { durationMs, isOn, readFlags, valueOf, type Flag, type Flags } from "./flags.ts";

const flags: Readonly<Record<string, Flag>> = {
  host: { kind: "string", isList: true },
  to: { kind: "string" },
  uid: { kind: "string" },
  limit: { kind: "string" },
  strict: { kind: "boolean" },
  help: { kind: "boolean" },
};

const help = `sidestep redirect: leads calls of this network namespace to named hosts to the sidecar instead

  --host NAME[:PORT]   a host that is called over plain http, port 80 without one; may be given more than once
  --to PORT            where the sidecar listens (default: 4000)
  --uid UID            the sidecar's user, whose own calls go on (default: 65532)
  --limit DURATION     how long names that do not resolve yet are tried again (default: 10s)
  --strict             fail where a rule cannot be made, instead of leaving those calls as they are
  --help               this text

Names are resolved once, to their IPv4 addresses; nft and the right to use it (NET_ADMIN) are needed.
Exit codes: 0 done, or left as it was with a line that says why; 1 failed with --strict; 2 a flag is invalid.`;

/** Time between two tries to resolve a name, in milliseconds. */
const BETWEEN_MS = 500;

/** The command. */
export const redirect: Command = {
  name: "redirect",
  summary: "lead a pod's plain HTTP calls to named hosts to the sidecar",
  help,
  run: async (args, terminal) => {
    const given = readFlags(args, flags, {});
    if (isOn(given, "help")) {
      terminal.out(help);
      return exitCodes.ok;
    }
    const wanted = wantedIn(given);
    const isDone = await redirected(wanted, terminal);
    return isDone || !isOn(given, "strict") ? exitCodes.ok : exitCodes.failed;
  },
};

interface Host {
  readonly name: string;
  readonly port: number;
}

interface Wanted {
  readonly hosts: readonly Host[];
  readonly port: number;
  readonly uid: number;
  readonly limitMs: number;
}

function wantedIn(given: Flags): Wanted {
  const [stray] = given.rest;
  if (stray !== undefined) throw new UsageError(`redirect takes no word "${stray}"`);
  const hosts = (given.values.get("host") ?? []).map(hostOf);
  if (hosts.length === 0) throw new UsageError("redirect needs a --host");
  return {
    hosts,
    port: numberIn(given, "to", 4000, 65_535),
    uid: numberIn(given, "uid", 65_532, 2 ** 32 - 2),
    limitMs: durationMs(given, "limit", "10s"),
  };
}

function hostOf(written: string): Host {
  const [, name, port = "80"] = /^([A-Za-z0-9][A-Za-z0-9.-]*)(?::(\d{1,5}))?$/.exec(written) ?? [];
  if (name === undefined || Number(port) < 1 || Number(port) > 65_535) {
    throw new UsageError(`--host ${written}: a host looks like llm.models or llm.models:8000`);
  }
  return { name, port: Number(port) };
}

function numberIn(given: Flags, name: string, fallback: number, most: number): number {
  const written = valueOf(given, name) ?? String(fallback);
  const number = /^\d{1,10}$/.test(written) ? Number(written) : Number.NaN;
  if (!(number >= 1 && number <= most)) {
    throw new UsageError(`--${name} ${written}: expected a number from 1 to ${most}`);
  }
  return number;
}

/** Whether every host is redirected; what is not is told. */
async function redirected(wanted: Wanted, terminal: Terminal): Promise<boolean> {
  const endMs = performance.now() + wanted.limitMs;
  const found = await Promise.all(
    wanted.hosts.map(async ({ name, port }) => ({
      name,
      port,
      addresses: await addressesOf(name, endMs),
    })),
  );
  const missing = found.filter(({ addresses }) => addresses.length === 0);
  for (const { name } of missing) {
    terminal.err(`${name} has no IPv4 address: calls to it stay as they are`);
  }
  const places = found.flatMap(({ port, addresses }) =>
    addresses.map((address) => ({ address, port })),
  );
  const problem = places.length === 0 ? null : await applied(rulesFor(places, wanted));
  if (problem !== null) terminal.err(`nothing is redirected: ${problem}`);
  for (const { address, port } of problem === null ? places : []) {
    terminal.err(`${address}:${port} leads to port ${wanted.port}`);
  }
  return missing.length === 0 && problem === null;
}

async function addressesOf(name: string, endMs: number): Promise<readonly string[]> {
  for (;;) {
    const found = await lookup(name, { all: true, family: 4 }).catch(() => []);
    const addresses = [...new Set(found.map(({ address }) => address))].filter((one) =>
      isIPv4(one),
    );
    if (addresses.length > 0 || performance.now() + BETWEEN_MS >= endMs) return addresses;
    await delay(BETWEEN_MS);
  }
}

/** One table of our own, made anew: a second run leaves nothing of the first. */
function rulesFor(
  places: readonly { readonly address: string; readonly port: number }[],
  { port: to, uid }: Wanted,
): string {
  const rules = places.map(
    ({ address, port }) => `ip daddr ${address} tcp dport ${port} redirect to :${to}`,
  );
  return [
    "add table ip sidestep",
    "delete table ip sidestep",
    "table ip sidestep {",
    "  chain output {",
    "    type nat hook output priority -100; policy accept;",
    `    meta skuid ${uid} accept`,
    ...rules.map((rule) => `    ${rule}`),
    "  }",
    "}",
    "",
  ].join("\n");
}

/** What was in the way; null when the rules are in force, all of them at one time. */
async function applied(rules: string): Promise<string | null> {
  const { spawn } = await import("node:child_process");
  const nft = spawn("nft", ["-f", "-"], { stdio: ["pipe", "ignore", "pipe"] });
  nft.stdin.on("error", () => undefined);
  nft.stdin.end(rules);
  const said = text(nft.stderr);
  try {
    const [code] = await once(nft, "close");
    return code === 0 ? null : (await said).trim().split("\n")[0] || `nft ended with ${code}`;
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault);
  }
}
