/** verify within the stack: which answers are left to the cloud, what the caller gets, and what is noted. */
import { describe, expect, it } from "vitest";
import type { AgreementBook, Compared } from "../../../proxy/core/ports.ts";
import type { Mode, Route } from "../../../proxy/core/policy.ts";
import { templateRoute } from "../../support/builders.ts";
import {
  completionOf,
  drained,
  receivedOf,
  replyOf,
  rigOf,
  type Rig,
  type Script,
} from "../../support/stack.ts";

interface Noted {
  readonly rig: Rig;
  readonly noted: Compared[];
}

function rigWith(script: Script, isSuspended = false): Noted {
  const noted: Compared[] = [];
  const agreement: AgreementBook = {
    note: (compared) => void noted.push(compared),
    isSuspended: () => isSuspended,
  };
  return { rig: rigOf({ script, agreement }), noted };
}

/** The rig's dice always give 0.5. */
function route(sample: number, mode: Mode | null = null): Route {
  const hello = templateRoute("hello", { kind: "text", matches: /^hello$/ });
  return { ...hello, mode, verify: { sample, maxWrong: 0.02 } };
}

async function settled({ noted }: Noted): Promise<Compared | undefined> {
  await expect.poll(() => noted.length).toBe(1);
  return noted[0];
}

describe("a drawn answer", () => {
  it("is left to the cloud, whose reply the caller gets, and compared", async () => {
    const seen = rigWith(() => completionOf("hello!"));
    const reply = await seen.rig.send(receivedOf({ routes: [route(0.6)] }));
    expect(await drained(reply)).toContain("hello!");
    expect(reply.verdict).toMatchObject({
      decision: "forwarded",
      reason: "random_cloud",
      would: { decision: "local", reason: "answered_template", route: "hello" },
    });
    expect(await settled(seen)).toMatchObject({ outcome: "agree", by: "estimate" });
    expect(seen.rig.records).toHaveLength(1);
  });

  it("is given after all where the cloud has no answer, and nothing is noted", async () => {
    for (const status of [401, 429, 500]) {
      const { rig, noted } = rigWith(() => replyOf(status, "{}"));
      const reply = await rig.send(receivedOf({ routes: [route(0.6)] }));
      expect(await drained(reply)).toBe("Hello!");
      expect(reply.verdict).toMatchObject({ decision: "local", reason: "answered_template" });
      expect(noted).toEqual([]);
      expect(rig.records).toHaveLength(1);
    }
  });

  it("is unclear where the cloud's reply cannot be read", async () => {
    const seen = rigWith(() => replyOf(200, "<p>hello</p>", ["content-type", "text/html"]));
    await drained(await seen.rig.send(receivedOf({ routes: [route(0.6)] })));
    expect(await settled(seen)).toMatchObject({ outcome: "unclear" });
  });
});

describe("other answers", () => {
  it("are given in the pod", async () => {
    for (const sample of [0, 0.5]) {
      const { rig } = rigWith(() => completionOf("hello!"));
      const reply = await rig.send(receivedOf({ routes: [route(sample)] }));
      expect(reply.verdict.decision).toBe("local");
      expect(rig.calls).toEqual([]);
    }
  });

  it("are compared as well where the route only observes, with the reason that holds it", async () => {
    const seen = rigWith(() => completionOf("hello!"));
    const reply = await seen.rig.send(receivedOf({ routes: [route(0.6, "observe")] }));
    await drained(reply);
    expect(reply.verdict.reason).toBe("observe_mode");
    expect(await settled(seen)).toMatchObject({ outcome: "agree" });
  });

  it("are not compared where a call that is only observed had no text made for it", async () => {
    const noted: Compared[] = [];
    const rig = rigOf({
      agreement: { note: (compared) => void noted.push(compared), isSuspended: () => false },
      answers: {
        answerWith: () => {
          const usage = { inputTokens: 1, outputTokens: 0, isEstimate: true };
          const answer = { text: "", usage };
          const said = { kind: "answer", answer, reason: "answered_generated" } as const;
          return Promise.resolve({ ...said, confidence: null });
        },
      },
    });
    await drained(await rig.send(receivedOf({ routes: [route(1, "observe")] })));
    expect(rig.records[0]?.verdict.would?.decision).toBe("local");
    await new Promise(setImmediate);
    expect(noted).toEqual([]);
  });

  it("are forwarded while the route is suspended", async () => {
    const { rig, noted } = rigWith(() => completionOf("hello!"), true);
    const reply = await rig.send(receivedOf({ routes: [route(0)] }));
    expect(reply.verdict).toMatchObject({
      decision: "forwarded",
      reason: "agreement_low",
      would: { decision: "local", route: "hello" },
    });
    expect(await drained(reply)).toContain("hello!");
    expect(noted).toEqual([]);
  });
});
