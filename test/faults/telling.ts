/** Tries a row of a table on one call, and compares what app and record say with what the row says. */
import { expect } from "vitest";
import { errors } from "../../proxy/core/errors.ts";
import { bytesOf, calls, http2Of, type FaultCall } from "./calls.ts";
import { countedBy, providerName, recordOf, type Counted, type FaultRig } from "./rig.ts";
import { asHttp2, look, lookHttp2, nothing, type Sight } from "./sight.ts";
import type { FaultRow } from "./fault-row.ts";

/** What a row is tried with. */
export interface Trial {
  readonly rig: FaultRig;
  readonly row: FaultRow;
  /** The place of the policy whose provider has the fault. */
  readonly place: string;
  /** Port of the same provider for a caller without Sidestep. */
  readonly directPort: number | null;
}

/** Tries all calls that the fault can meet, over HTTP/1.1 and HTTP/2, and looks what the breakers counted. */
export async function expectAsSaid(
  trial: Trial,
  forms: readonly FaultCall["form"][] | undefined,
): Promise<void> {
  const met = calls.filter(({ form }) => forms === undefined || forms.includes(form));
  const before = await counted(trial);
  await Promise.all(met.map((call) => tried(trial, call)));
  const after = await counted(trial);
  const requests = met.length * 2;
  const failures = trial.row.counts === "failure" ? requests : 0;
  expect({
    requests: after.requests - before.requests,
    failures: after.failures - before.failures,
  }).toEqual({ requests, failures });
}

async function tried(trial: Trial, call: FaultCall): Promise<void> {
  const { rig, row, place, directPort } = trial;
  const prefix = place === "" ? "" : `/${providerName(place, call.provider)}`;
  const isOurs = row.sees !== "same" && row.sees !== "part";
  const [one, two, direct] = await Promise.all([
    look(rig.port, bytesOf(call, { prefix })),
    lookHttp2(rig.port, http2Of(call, prefix)),
    isOurs || directPort === null ? nothing : look(directPort, bytesOf(call, { isDirect: true })),
  ]);
  await told(trial, one, direct);
  await told(trial, two, asHttp2(direct));
}

async function told({ rig, row }: Trial, sight: Sight, direct: Sight): Promise<void> {
  const { sees, ending, detail } = row;
  const record = await recordOf(rig.sidecar, sight.ours.get("x-sidestep-request-id") ?? "");
  expect(record).toMatchObject({ decision: "forwarded", ending, detail });
  expect(sight.end).toBe(ending);
  if (sees === "same" || sees === "part") {
    const body = sees === "same" ? direct.body : direct.body.slice(0, sight.body.length);
    expect({ ...sight, ours: null }).toEqual({ ...direct, body, ours: null });
    return;
  }
  expect(sight.line).toMatch(new RegExp(`^HTTP/1.1 ${errors[sees].status}`));
  expect(sight.body).toContain(errors[sees].sentence);
  expect(record.reason).toBe(sees.replace("sidestep_", ""));
}

/** What the breakers of the place's providers have counted together. */
async function counted({ rig, place }: Trial): Promise<Counted> {
  const names = [providerName(place, "openai"), providerName(place, "anthropic")];
  const each = await Promise.all(names.map((name) => countedBy(rig.sidecar, name)));
  return {
    requests: each.reduce((sum, { requests }) => sum + requests, 0),
    failures: each.reduce((sum, { failures }) => sum + failures, 0),
  };
}
