/** Malformed requests: refused with 400 and a closed connection, and what stands behind them is never read as a request. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errors } from "../../proxy/core/errors.ts";
import { RawCaller } from "../proxy/server/harness.ts";
import { createScriptedUpstream, type ScriptedUpstream } from "../support/scripted-upstream.ts";
import { expectNothingLeft, forwardingPolicy, startRig, type FaultRig } from "./rig.ts";
import { requestRows } from "./request-table.ts";

let upstream: ScriptedUpstream;
let rig: FaultRig;
beforeAll(async () => {
  upstream = await createScriptedUpstream();
  rig = await startRig(forwardingPolicy({ "": { url: upstream.url } }));
});
afterAll(async () => {
  await rig?.sidecar.stop();
  await upstream?.close();
});

const smuggled = "POST /v1/smuggled HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";

const cases = requestRows.flatMap((row) => [
  { ...row, path: "/v1/chat/completions", how: "read first" },
  { ...row, path: `/v1/containers/c1/files?x=${encodeURIComponent(row.name)}`, how: "passed on" },
]);

/** Sends bytes with another request behind them and reads until the connection is closed. */
async function refusalOf(bytes: string): Promise<string> {
  const caller = await RawCaller.to(rig.port);
  caller.write(Buffer.from(bytes + smuggled, "latin1"));
  await caller.closed;
  return caller.text;
}

describe("a request with", () => {
  it.each(cases)("$name ($how)", async ({ bytes, path, says }) => {
    const text = await refusalOf(bytes.replaceAll("PATH", path));
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(text).toContain("x-sidestep-reason: request_invalid\r\n");
    expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    const sentence = says ?? errors.sidestep_request_invalid.sentence;
    expect(text).toContain(`"message":${JSON.stringify(sentence)}`);
  });
});

describe("afterwards", () => {
  it("nothing is left: no socket, no call, no fault of ours", async () => {
    await expectNothingLeft(rig, [upstream]);
  });

  // What is passed on has begun before a fault in its body is seen; it never comes to its end.
  it("no provider has seen one of them whole, or what stood behind it", async () => {
    const seen = await Promise.all(
      upstream.exchanges.map(async (exchange) => {
        const { isComplete } = await exchange.body();
        return { isComplete, target: exchange.head.target };
      }),
    );
    expect(seen.filter(({ isComplete }) => isComplete)).toEqual([]);
    const begun = seen.filter(({ target }) => !target.startsWith("/v1/containers/c1/files?x="));
    expect(begun).toEqual([]);
  });
});
