/** A provider's faults from its reply's head on: the app sees what it would have seen directly, or an error of ours, and nothing is left behind. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawValue } from "../support/scripted-upstream-reader.ts";
import type { ReplyScript } from "../support/scripted-upstream-script.ts";
import {
  createScriptedUpstream,
  type Exchange,
  type ScriptedUpstream,
} from "../support/scripted-upstream.ts";
import { bodyRows } from "./body-table.ts";
import { bytesOf, calls, type FaultCall } from "./calls.ts";
import { bodyOf, type ScriptedRow } from "./fault-row.ts";
import { headRows } from "./head-table.ts";
import { expectNothingLeft, forwardingPolicy, startRig, type FaultRig } from "./rig.ts";
import { look } from "./sight.ts";
import { expectAsSaid } from "./telling.ts";

let upstream: ScriptedUpstream;
let rig: FaultRig;
beforeAll(async () => {
  upstream = await createScriptedUpstream();
  const { url } = upstream;
  const places = {
    "": { url },
    first_byte: { url, short: "first_byte" },
    idle: { url, short: "idle" },
  } as const;
  rig = await startRig(forwardingPolicy(places));
});
afterAll(async () => {
  await rig?.sidecar.stop();
  await upstream?.close();
});

function callOf({ head }: Exchange): FaultCall {
  const name = rawValue(head.headers, "x-call");
  const call = calls.find((one) => one.name === name);
  if (call === undefined) throw new Error(`no such call: ${name}`);
  return call;
}

/** Every later call gets the row's fault. */
function play(row: ScriptedRow): void {
  upstream.play(async (exchange) => {
    const script = row.script(callOf(exchange).good);
    if (typeof script === "function") await script(exchange);
    else await exchange.reply(isDirect(exchange) ? ended(script) : script);
  });
}

function isDirect({ head }: Exchange): boolean {
  return rawValue(head.headers, "x-direct") !== undefined;
}

/** A caller without limits would wait for ever: what a stall has said, followed by an end. */
function ended(script: ReplyScript): ReplyScript {
  const { fault } = script;
  return fault?.kind === "stall" ? { ...script, fault: { ...fault, kind: "close" } } : script;
}

/** No fault spoils a call that comes after it, also where a connection is used again. */
async function expectSoundAgain(): Promise<void> {
  upstream.play((exchange) => exchange.reply(callOf(exchange).good));
  const sights = await Promise.all(calls.map((call) => look(rig.port, bytesOf(call))));
  for (const [at, { body, end }] of sights.entries()) {
    const { good } = calls[at] ?? {};
    expect([body, end]).toEqual([bodyOf(good ?? {}).toString("latin1"), "complete"]);
  }
}

describe.each(["head", "status", "body", "stream"] as const)("%s: a provider that", (phase) => {
  const rows = [...headRows, ...bodyRows].filter((row) => row.phase === phase);
  it.each(rows)("$name", async (row) => {
    play(row);
    const { forms, short: place = "" } = row;
    await expectAsSaid({ rig, row, place, directPort: upstream.port }, forms);
    await expectSoundAgain();
    expect(upstream.errors).toEqual([]);
  });
});

describe("afterwards", () => {
  it("nothing is left: no socket, no call, no fault of ours", async () => {
    await expectNothingLeft(rig, [upstream]);
  });
});
