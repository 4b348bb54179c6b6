/** `sidestep redirect`: leads a pod's plain HTTP calls to named hosts to the sidecar, by rules of nftables; an init container runs it. */
import { once } from "node:events";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { text } from "node:stream/consumers";
import { formatAddress, type ListenAddress } from "../server/address.ts";
import { exitCodes, UsageError, type Command, type Terminal } from "./command.ts";
import { durationMs, isOn, readFlags, valueOf, type Flag, type Flags } from "./flags.ts";
import { addressesOf, type Family, type HostAddresses } from "./host-addresses.ts";

const flags: Readonly<Record<string, Flag>> = {
  host: { kind: "string", isList: true },
  to: { kind: "string" },
  uid: { kind: "string" },
  limit: { kind: "string" },
  strict: { kind: "boolean" },
};

const help = `sidestep redirect: leads calls of this network namespace to named hosts to the sidecar instead

  --host NAME[:PORT]   a host that is called over plain http, port 80 without one; may be given more than once
  --to PORT            where the sidecar listens on 127.0.0.1 and ::1 (default: 4000)
  --uid UID            the sidecar's user, whose own calls go on (default: 65532)
  --limit DURATION     how long a name that does not resolve yet is tried again (default: 10s)
  --strict             fail where a rule cannot be made, instead of leaving those calls as they are
  --help               this text

Names are resolved at the start alone, to their IPv4 and IPv6 addresses: a call to an address that comes later stays as
it is. nft and the right to use it (NET_ADMIN) are needed.
Exit codes: 0 done, or left as it was with a line that says why; 1 failed with --strict; 2 a flag is invalid.`;

/** The command. */
export const redirect: Command = {
  name: "redirect",
  summary: "lead a pod's plain HTTP calls to named hosts to the sidecar",
  help,
  run: async (args, terminal) => {
    const given = readFlags(args, flags, {});
    const wanted = wantedIn(given);
    const isDone = await redirected(wanted, terminal);
    return isDone || !isOn(given, "strict") ? exitCodes.ok : exitCodes.failed;
  },
};

interface Host {
  readonly name: string;
  readonly port: number;
}

/** An address and a port. */
type Place = Pick<ListenAddress, "host" | "port">;

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

/** Whether every call that can be redirected is; what is not is told. */
async function redirected(wanted: Wanted, terminal: Terminal): Promise<boolean> {
  const families = familiesHere();
  if (!families.includes(6)) {
    terminal.err("this network has no ::1: only calls by IPv4 are redirected");
  }
  const endMs = performance.now() + wanted.limitMs;
  const found = await Promise.all(
    wanted.hosts.map(async (host) => ({
      ...host,
      ...(await addressesOf(host.name, families, endMs)),
    })),
  );
  const gaps = found.flatMap(gapsIn);
  for (const gap of gaps) terminal.err(gap);
  const places = found.flatMap(({ port, addresses }) => addresses.map((host) => ({ host, port })));
  let isDone = gaps.length === 0;
  for (const family of families) {
    const own = places.filter(({ host }) => isIP(host) === family);
    isDone = (await isLed(family, own, wanted, terminal)) && isDone;
  }
  return isDone;
}

/** Redirected calls come to loopback by the family that they left by, so one without is left alone. */
function familiesHere(): readonly Family[] {
  const here = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return here.some(({ address }) => address === "::1") ? [4, 6] : [4];
}

function gapsIn({ name, addresses, unanswered }: Host & HostAddresses): readonly string[] {
  if (addresses.length === 0) return [`${name} has no address: calls to it stay as they are`];
  return unanswered.map(
    (family) =>
      `${name}: no server tells its IPv${family} addresses: calls to these stay as they are`,
  );
}

/** Whether calls to these places are led to the sidecar: each family has a table of its own, since a kernel may lack one. */
async function isLed(
  family: Family,
  places: readonly Place[],
  wanted: Wanted,
  terminal: Terminal,
): Promise<boolean> {
  const problem = await applied(rulesFor(family, places, wanted));
  if (places.length === 0) return true;
  if (problem !== null) {
    terminal.err(`nothing is redirected by IPv${family}: ${problem}`);
    return false;
  }
  for (const place of places) terminal.err(`${formatAddress(place)} leads to port ${wanted.port}`);
  return true;
}

/** A table of our own, made anew: a second run leaves nothing of the first. */
function rulesFor(family: Family, places: readonly Place[], { port: to, uid }: Wanted): string {
  const ip = family === 4 ? "ip" : "ip6";
  const anew = [`add table ${ip} sidestep`, `delete table ${ip} sidestep`];
  const rules = places.map(
    ({ host, port }) => `${ip} daddr ${host} tcp dport ${port} redirect to :${to}`,
  );
  const table = [
    `table ${ip} sidestep {`,
    "  chain output {",
    "    type nat hook output priority -100; policy accept;",
    `    meta skuid ${uid} accept`,
    ...rules.map((rule) => `    ${rule}`),
    "  }",
    "}",
  ];
  return [...anew, ...(rules.length === 0 ? [] : table), ""].join("\n");
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
