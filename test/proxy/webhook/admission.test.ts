/** AdmissionReviews in and out: whatever is wrong, the pod is admitted, and its owner is told. */
import { describe, expect, it } from "vitest";
import {
  answerReview,
  type AdmissionParts,
  type Injected,
} from "../../../proxy/webhook/admission.ts";
import { currentCluster, injectorSettings } from "../../support/injector.ts";

const told: Injected[] = [];
const faults: unknown[] = [];
const parts: AdmissionParts = {
  settings: () => injectorSettings(),
  facts: () => currentCluster,
  onInjection: (injected) => told.push(injected),
  reviewPolicy: async ({ name }) => ({
    problems: name === "bad" ? ["x:1:1: wrong"] : [],
    warnings: [],
  }),
  onFault: (fault) => faults.push(fault),
};

function review(object: unknown): string {
  const request = { uid: "u1", namespace: "shop", dryRun: false, object };
  return JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
}

const pod = { metadata: { name: "a" }, spec: { containers: [{ name: "app", image: "app:1" }] } };

describe("an AdmissionReview", () => {
  it("of a pod is answered with a patch and its own uid", async () => {
    const reply = await answerReview(review(pod), "inject", parts);
    expect(reply).toMatchObject({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: "u1", allowed: true, patchType: "JSONPatch" },
    });
    expect(told.at(-1)?.injection.kind).toBe("injected");
  });

  it("of a pod that cannot have a sidecar admits it with a warning", async () => {
    const object = { ...pod, spec: { ...pod.spec, hostNetwork: true } };
    expect(await answerReview(review(object), "inject", parts)).toMatchObject({
      response: { allowed: true, warnings: [expect.stringContaining("host_network")] },
    });
  });

  it("of something else than a pod admits it with a warning", async () => {
    expect(await answerReview(review({ spec: 7 }), "inject", parts)).toMatchObject({
      response: { allowed: true, warnings: [expect.stringContaining("pod_unreadable")] },
    });
  });

  it("in which the injector fails admits the pod as it is", async () => {
    const failing: AdmissionParts = {
      ...parts,
      settings: () => {
        throw new Error("broken");
      },
    };
    const reply = await answerReview(review(pod), "inject", failing);
    expect(reply).toMatchObject({ response: { allowed: true } });
    expect(JSON.stringify(reply)).not.toContain("patch");
    expect(faults).toHaveLength(1);
  });

  it("of a policy refuses what is wrong, with every line of it", async () => {
    const map = (name: string): string => review({ metadata: { name }, data: { "a.yaml": "" } });
    expect(await answerReview(map("good"), "validate", parts)).toMatchObject({
      response: { allowed: true },
    });
    expect(await answerReview(map("bad"), "validate", parts)).toMatchObject({
      response: { allowed: false, status: { message: "the policy is invalid\nx:1:1: wrong" } },
    });
  });

  it.each(["", "{", "{}", "[]", '{"request":{}}'])("is none: %j", async (text) => {
    expect(await answerReview(text, "inject", parts)).toBeNull();
  });
});
