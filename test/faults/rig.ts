/** The real program in front of faulty providers, and what shows that a fault left nothing behind. */
import { readdir, readlink } from "node:fs/promises";
import * as v from "valibot";
import { expect } from "vitest";
import { adminJson, eventually, startSidecar, type Sidecar } from "../support/sidecar.ts";

/** A running sidecar. */
export interface FaultRig {
  readonly sidecar: Sidecar;
  /** Of the data listener. */
  readonly port: number;
  /** Sockets that it has open while idle. */
  readonly idleSockets: number;
}

/** The limit of a provider that a test has no time to wait for; `null` leaves all as they are by default. */
export type ShortLimit = "connect" | "first_byte" | "idle" | null;

/** Where calls go, for both protocols. */
export interface Place {
  /** Without a path. */
  readonly url: string;
  readonly short?: ShortLimit;
}

/** Milliseconds of a short limit. */
const shortMs = 250;

/** The provider of a place for one protocol: `first_byte-openai`, and `openai` for the place "". */
export function providerName(place: string, of: "openai" | "anthropic"): string {
  return place === "" ? of : `${place}-${of}`;
}

/** A policy that forwards everything to the place that the path's prefix names; no breaker ever opens. */
export function forwardingPolicy(places: Readonly<Record<string, Place>>): string {
  return `version: 1
model: null
providers:
${Object.entries(places).map(providersOf).join("")}routes:
  - name: rest
    forward: {}
`;
}

function providersOf([name, { url, short = null }]: [string, Place]): string {
  const limits = short === null ? "" : `, timeouts: { ${short}: ${shortMs}ms }`;
  const rest = `breaker: { min_requests: 1000000, window: 1h }${limits}`;
  return `  ${providerName(name, "openai")}: { url: "${url}/v1", ${rest} }
  ${providerName(name, "anthropic")}: { url: "${url}", protocol: anthropic-messages, ${rest} }
`;
}

/** Starts a sidecar; stop it after the tests. */
export async function startRig(
  policy: string,
  env: Readonly<Record<string, string>> = {},
): Promise<FaultRig> {
  const sidecar = await startSidecar({ policy, env });
  const idleSockets = await openSockets(sidecar);
  return { sidecar, port: Number(new URL(sidecar.url).port), idleSockets };
}

/** Sockets of the sidecar's process, listeners included. */
export async function openSockets({ process }: Sidecar): Promise<number> {
  const folder = `/proc/${process.pid}/fd`;
  const names = await readdir(folder);
  const links = await Promise.all(
    names.map((name) => readlink(`${folder}/${name}`).catch(() => "")),
  );
  return links.filter((link) => link.startsWith("socket:")).length;
}

/**
 * Waits until no connection to a provider and no socket is left (kept connections close by themselves),
 * and asserts that no call is and that no fault of ours was met. A promise that nobody settles shows as
 * an open call.
 */
export async function expectNothingLeft(
  rig: FaultRig,
  upstreams: readonly { readonly open: number }[],
): Promise<void> {
  const { sidecar, idleSockets } = rig;
  await eventually(async () => {
    const isQuiet = upstreams.every(({ open }) => open === 0);
    return isQuiet && (await openSockets(sidecar)) <= idleSockets ? true : null;
  });
  const metrics = await metricsOf(sidecar);
  expect(metrics.get("sidestep_open_calls")).toBe(0);
  const faults = [...metrics].filter(([name]) => name.startsWith("sidestep_faults_total"));
  expect(faults.filter(([, many]) => many > 0)).toEqual([]);
  expect(sidecar.log()).not.toMatch(/MaxListenersExceeded|unhandled|"level":"error"/i);
}

/** Every sample of `/metrics`, by name with labels. */
export async function metricsOf(sidecar: Sidecar): Promise<ReadonlyMap<string, number>> {
  const reply = await fetch(`${sidecar.admin}/metrics`, { headers: { connection: "close" } });
  const lines = (await reply.text()).split("\n").filter((line) => !line.startsWith("#"));
  return new Map(
    lines.flatMap((line) => {
      const at = line.lastIndexOf(" ");
      return at < 0 ? [] : [[line.slice(0, at), Number(line.slice(at + 1))] as const];
    }),
  );
}

const targetsPage = v.object({
  targets: v.array(
    v.object({
      name: v.string(),
      state: v.string(),
      failures: v.number(),
      requests: v.number(),
    }),
  ),
});

/** What a breaker has counted. */
export interface Counted {
  readonly requests: number;
  readonly failures: number;
}

/** What `/targets` says of a breaker; nothing counted where there is none yet. */
export async function countedBy(sidecar: Sidecar, name: string): Promise<Counted> {
  const { targets } = v.parse(targetsPage, await adminJson(sidecar, "/targets"));
  const { requests = 0, failures = 0 } = targets.find((one) => one.name === name) ?? {};
  return { requests, failures };
}

/** What the record says of a call. */
export interface FaultRecord {
  readonly id: string;
  readonly status: number;
  readonly reason: string;
  readonly ending: string;
  readonly decision: string;
  readonly detail: string | null;
}

const recordPage = v.object({
  decisions: v.tuple([
    v.object({
      id: v.string(),
      status: v.number(),
      reason: v.string(),
      ending: v.string(),
      decision: v.string(),
      detail: v.nullable(v.string()),
    }),
  ]),
});

/** The record of the call with that id, once it is settled. */
export async function recordOf(sidecar: Sidecar, id: string): Promise<FaultRecord> {
  return eventually(async () => {
    const page = await adminJson(sidecar, `/decisions?id=${id}`);
    const known = v.safeParse(recordPage, page);
    return known.success ? known.output.decisions[0] : null;
  });
}

/** The record of the call that was settled last; null when there is none. */
export async function latestRecord(sidecar: Sidecar): Promise<FaultRecord | null> {
  const page = v.safeParse(recordPage, await adminJson(sidecar, "/decisions?limit=1"));
  return page.success ? page.output.decisions[0] : null;
}
