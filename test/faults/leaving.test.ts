/** A caller who leaves, in each phase and manner: the provider is let go, the record says so, and nothing is left behind. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createScriptedUpstream, type ScriptedUpstream } from "../support/scripted-upstream.ts";
import { eventually } from "../support/sidecar.ts";
import { callNamed } from "./calls.ts";
import { createBadServer, createBlackHole, type DeadEnd } from "./dead-ends.ts";
import { begin, manners, type Manner } from "./leaving-caller.ts";
import { leavingRows, type LeavingRow } from "./leaving-table.ts";
import {
  countedBy,
  expectNothingLeft,
  forwardingPolicy,
  latestRecord,
  metricsOf,
  openSockets,
  providerName,
  startRig,
  type FaultRecord,
  type FaultRig,
} from "./rig.ts";

let upstream: ScriptedUpstream;
let lost: DeadEnd;
let mute: DeadEnd;
let rig: FaultRig;
/** Milliseconds from a caller's leaving until the provider's connection had ended. */
const freedMs: number[] = [];

beforeAll(async () => {
  upstream = await createScriptedUpstream();
  lost = await createBlackHole();
  mute = await createBadServer((socket) => void socket.resume());
  const places = {
    "": { url: upstream.url },
    lost: { url: `http://127.0.0.1:${lost.port}` },
    mute: { url: `https://127.0.0.1:${mute.port}` },
  };
  rig = await startRig(forwardingPolicy(places));
});

afterAll(async () => {
  await rig?.sidecar.stop();
  await Promise.all([upstream?.close(), lost?.close(), mute?.close()]);
});

const cases = leavingRows.flatMap((row) => manners.map((manner) => ({ ...row, manner })));

/** Resolves when the row's moment has come. */
async function moment(row: LeavingRow, exchanges: number, text: () => string): Promise<void> {
  await eventually(() => {
    switch (row.once) {
      case "connection":
        return isConnecting(row);
      case "request":
        return upstream.exchanges.length > exchanges || null;
      case "first bytes":
        return text().length > 100 || null;
    }
  });
}

/** Whether the sidecar has the caller's connection, and the one to the provider where there will be one. */
async function isConnecting({ place }: LeavingRow): Promise<true | null> {
  const open = (await metricsOf(rig.sidecar)).get("sidestep_open_calls") ?? 0;
  if (open === 0) return null;
  const wanted = rig.idleSockets + (place === "" ? 1 : 2);
  const isThere = place === "mute" ? mute.open > 0 : (await openSockets(rig.sidecar)) >= wanted;
  return isThere || null;
}

/** Resolves when no provider has a connection of this call any more. */
async function freed(exchanges: number): Promise<void> {
  await upstream.exchanges[exchanges]?.closed;
  await eventually(() => mute.open === 0 || null);
}

/** The record that has come since `before`, once no call is open; null when none has. */
async function settledAfter(before: FaultRecord | null): Promise<FaultRecord | null> {
  await eventually(async () => {
    const open = (await metricsOf(rig.sidecar)).get("sidestep_open_calls");
    return open === 0 || null;
  });
  const record = await latestRecord(rig.sidecar);
  return record?.id === before?.id ? null : record;
}

async function left(row: LeavingRow, manner: Manner): Promise<void> {
  const call = callNamed(row.call);
  const provider = providerName(row.place, call.provider);
  const before = await countedBy(rig.sidecar, provider);
  const newest = await latestRecord(rig.sidecar);
  const exchanges = upstream.exchanges.length;
  upstream.play(row.script(call.good));
  const prefix = row.place === "" ? "" : `/${provider}`;
  const caller = await begin(rig.port, manner, { call, prefix, heldBack: row.heldBack });
  await moment(row, exchanges, caller.text);
  const leftAtMs = performance.now();
  caller.leave();
  await freed(exchanges);
  if (row.once !== "connection") freedMs.push(performance.now() - leftAtMs);
  expect(await settledAfter(newest)).toEqual(
    row.record === null ? null : expect.objectContaining(row.record),
  );
  const { requests } = await countedBy(rig.sidecar, provider);
  expect(requests - before.requests).toBe(row.counts === "success" ? 1 : 0);
  if (row.once === "connection") expect(upstream.exchanges.length).toBe(exchanges);
}

describe("a caller who leaves", () => {
  it.each(cases)("$name ($manner)", (row) => left(row, row.manner));
});

describe("afterwards", () => {
  it("nothing is left: no socket, no call, no fault of ours", async () => {
    await expectNothingLeft(rig, [upstream, mute]);
    const sorted = freedMs.toSorted((one, other) => one - other);
    const share = (part: number): string =>
      (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1);
    console.info(
      `provider let go after a caller left: p50 ${share(0.5)} ms, p99 ${share(0.99)} ms of ${sorted.length} calls (a figure of this run, not a limit)`,
    );
  });
});
