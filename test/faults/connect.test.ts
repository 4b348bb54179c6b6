/** No connection to the provider: the app gets an error of ours within the limit, in its protocol's form, and nothing is left behind. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { createTestAuthority, type TestAuthority } from "../support/scripted-upstream-tls.ts";
import { connectRows } from "./connect-table.ts";
import type { DeadEnd } from "./dead-ends.ts";
import { expectNothingLeft, forwardingPolicy, startRig, type FaultRig, type Place } from "./rig.ts";
import { expectAsSaid } from "./telling.ts";

let authorities: TestAuthority[] = [];
let ends: DeadEnd[] = [];
let rig: FaultRig;

beforeAll(async () => {
  const [trusted, stranger] = await Promise.all([createTestAuthority(), createTestAuthority()]);
  authorities = [trusted, stranger];
  ends = await Promise.all(connectRows.map(({ start }) => start({ trusted, stranger })));
  const places = connectRows.map(({ place, short = null, url = plain }, at): [string, Place] => [
    place,
    { url: url(ends[at]?.port ?? 0), short },
  ]);
  const env = { NODE_EXTRA_CA_CERTS: trusted.caFile };
  rig = await startRig(forwardingPolicy(Object.fromEntries(places)), env);
});

afterAll(async () => {
  await rig?.sidecar.stop();
  await Promise.all([...ends, ...authorities].map((each) => each.close()));
});

function plain(port: number): string {
  return `http://127.0.0.1:${port}`;
}

describe.each(["connect", "TLS"] as const)("%s: a provider that", (phase) => {
  it.each(connectRows.filter((row) => row.phase === phase))("$name", async (row) => {
    await expectAsSaid({ rig, row, place: row.place, directPort: null }, undefined);
  });
});

describe("afterwards", () => {
  it("nothing is left: no socket, no call, no fault of ours", async () => {
    await expectNothingLeft(rig, ends);
  });
});
