/** What the policy forbids outranks what the store has. */
import { describe, expect, it } from "vitest";
import type { UpstreamReply } from "../../../proxy/core/reply.ts";
import { forwardRoute } from "../../support/builders.ts";
import { completionOf, drained, receivedOf, replyOf, rigOf } from "../../support/stack.ts";

const always = { kind: "all", of: [] } as const;
const rest = forwardRoute("rest", always);
const cache = {
  mode: "exact",
  scope: "global",
  identity: { kind: "protocol" },
  ttlMs: 1000,
  tools: false,
} as const;

/** A provider that answers once and is down from then on. */
function failing(): () => UpstreamReply {
  let count = 0;
  return () => (count++ === 0 ? completionOf("hi") : replyOf(503, "down"));
}

describe("a stored reply", () => {
  it("is not served to a call that is refused by now", async () => {
    const rig = rigOf();
    await drained(await rig.send(receivedOf({ cache })));
    const action = { kind: "refuse", status: 403, message: "No." } as const;
    const reply = await rig.send(receivedOf({ cache, routes: [{ ...rest, action }] }));
    expect(reply.verdict.decision).toBe("refused");
  });

  it("is not kept of a call that the deny list names, so not served in an outage either", async () => {
    const policy = { cache, outage: { staleMs: 60_000, answer: true }, deny: [always] };
    const rig = rigOf({ script: failing() });
    await drained(await rig.send(receivedOf(policy)));
    expect((await rig.send(receivedOf(policy))).verdict.decision).toBe("forwarded");
    const allowed = await rig.send(receivedOf({ ...policy, deny: [] }));
    expect(allowed.verdict.decision).toBe("forwarded");
  });

  it("is not served in an outage where the route keeps none, whatever was kept before", async () => {
    const policy = { cache, outage: { staleMs: 60_000, answer: true } };
    const rig = rigOf({ script: failing() });
    await drained(await rig.send(receivedOf(policy)));
    const off = [{ ...rest, cache: { ...cache, mode: "off" } as const }];
    const reply = await rig.send(receivedOf({ ...policy, routes: off }));
    expect(reply.verdict.decision).toBe("forwarded");
  });
});
