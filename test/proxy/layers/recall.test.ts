/** What the policy forbids outranks what the store has. */
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../../proxy/core/decision.ts";
import type { Received } from "../../../proxy/core/received.ts";
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

describe("a forwarded call", () => {
  it("says what the store had where it did not just lack a reply", async () => {
    const rig = rigOf();
    const lookup = async (received: Received): Promise<Verdict["lookup"]> => {
      const reply = await rig.send(received);
      await drained(reply);
      return reply.verdict.lookup;
    };
    expect(await lookup(receivedOf({ cache }))).toBeNull();
    rig.clock.aheadMs = 2_000;
    expect(await lookup(receivedOf({ cache }))).toBe("stale");
    expect(await lookup(receivedOf({ cache, deny: [always] }))).toBe("unkept");
    expect(await lookup(receivedOf({ cache }, { hasTools: true }))).toBe("unkept");
    const nobody = { ...cache, scope: "user" } as const;
    expect(await lookup(receivedOf({ cache: nobody }))).toBe("unkept");
    expect(await lookup(receivedOf({ cache: nobody, routes: [rest] }))).toBe("unkept");
    expect(await lookup(receivedOf({}))).toBeNull();
  });
});
