/** When a pod may be redirected, and what it says when it may not. */
import { expect, it } from "vitest";
import { inject } from "../../../proxy/injector/inject.ts";
import { currentCluster, injectorSettings } from "../../support/injector.ts";

const pod = {
  metadata: { annotations: { "sidestep.dev/redirect": "llm.models:8000" } },
  spec: { containers: [{ name: "app" }] },
};
const subject = { pod, namespaceLabels: null, isAsked: true };
const image = { redirectImage: "sidestep-redirect:test" };

it.each([
  [{}, "needs the setting redirectImage"],
  [{ ...image, uid: null }, "needs the setting uid"],
  [{ ...image, native: "never" }, "needs native sidecars"],
])("settings %j keep the sidecar out, with a reason", (given, words) => {
  const skipped = inject(subject, injectorSettings(given), currentCluster);
  expect(skipped).toMatchObject({ kind: "skipped", reason: "annotation_invalid" });
  expect(skipped).toMatchObject({ detail: expect.stringContaining(words) });
});

it("goes before the sidecar, behind a mesh, and a second patch is empty", () => {
  const meshed = { ...pod, spec: { ...pod.spec, initContainers: [{ name: "istio-init" }] } };
  const settings = injectorSettings(image);
  const once = inject({ ...subject, pod: meshed }, settings, currentCluster);
  expect(once.pod.spec.initContainers?.map(({ name }) => name)).toEqual([
    "istio-init",
    "sidestep-redirect",
    "sidestep",
  ]);
  expect(inject({ ...subject, pod: once.pod }, settings, currentCluster).patch).toEqual([]);
});

it("two hosts whose names are alike stay two", () => {
  const annotations = { "sidestep.dev/redirect": "a-b,a.b" };
  const given = { ...subject, pod: { ...pod, metadata: { annotations } } };
  const { pod: after } = inject(given, injectorSettings(image), currentCluster);
  const text = JSON.stringify(after.spec.initContainers);
  expect(text).toContain("redirect-a-b-2");
});
