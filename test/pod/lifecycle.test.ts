/** A pod's life with a sidecar: who starts when, who can call from when on, and who stops after whom. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/sidecar.ts";
import { caller, hasTold, openRig, podOf, told, type Rig } from "./support/rig.ts";

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
});

afterEach(async () => {
  rig.setPace(0);
  await rig.clear();
});

afterAll(() => rig.close());

const forwarded = { event: "call", status: 200, decision: "forwarded" };

describe("the start of a pod", () => {
  it("has the sidecar first, so that init containers and the application can call from the first moment", async () => {
    const initContainers = [caller("migrate", ["once"])];
    const pod = await rig.run({ pod: podOf({ initContainers }) });
    await hasTold(pod, "call");
    expect(told(pod, "migrate").slice(1)).toEqual([forwarded]);
    expect(told(pod)[1]).toEqual(forwarded);
    expect(pod.events.slice(0, 5)).toEqual([
      "sidestep started",
      "sidestep ready",
      "migrate started",
      "migrate ended 0",
      "app started",
    ]);
  });

  it("has an ordinary sidecar first as well, where the cluster knows no others", async () => {
    const pod = await rig.run({ pod: podOf({}), minor: 27 });
    await hasTold(pod, "call");
    expect(told(pod)[1]).toEqual(forwarded);
    expect(pod.events.slice(0, 3)).toEqual(["sidestep started", "sidestep ready", "app started"]);
  });

  it("is not held up by a policy that is wrong, or is not there", async () => {
    const wrong = await rig.run({ pod: podOf({}), policy: "rotues: []\n" });
    await hasTold(wrong, "begun");
    const none = { namespacePolicy: "absent" };
    const without = await rig.run({ pod: podOf({}), settings: none });
    await hasTold(without, "begun");
  });
});

describe("a Job", () => {
  it("ends when the application does, and its sidecar ends well", async () => {
    const containers = [caller("app", ["once"])];
    const pod = await rig.run({ pod: podOf({ containers, restartPolicy: "Never" }) });
    expect(await pod.completed()).toBe("Succeeded");
    expect(pod.events.slice(-3)).toEqual([
      "app ended 0",
      "sidestep told to stop",
      "sidestep ended 0",
    ]);
    expect(told(pod)[1]).toEqual(forwarded);
  });

  it("fails when the application does", async () => {
    const containers = [
      caller("app", ["once"], {
        env: [{ name: "OPENAI_BASE_URL", value: "http://127.0.0.1:9/v1" }],
      }),
    ];
    const pod = await rig.run({ pod: podOf({ containers, restartPolicy: "Never" }) });
    expect(await pod.completed()).toBe("Failed");
  });
});

describe("the end of a pod", () => {
  it("stops the application first, the sidecars after it in reverse, and cuts no stream", async () => {
    rig.setPace(100);
    const own = caller("own", ["stay"], { restartPolicy: "Always" });
    const containers = [caller("app", ["streams", "20"])];
    const pod = await rig.run({ pod: podOf({ initContainers: [own], containers }) });
    await hasTold(pod, "opened", { count: 20 });
    await pod.delete();
    const events = pod.events.slice(pod.events.indexOf("app told to stop"));
    expect(events).toEqual([
      "app told to stop",
      "app ended 0",
      "own told to stop",
      "own ended 0",
      "sidestep told to stop",
      "sidestep ended 0",
    ]);
    const ends = told(pod).filter(({ event }) => event === "whole" || event === "cut");
    expect(ends.length).toBeGreaterThanOrEqual(20);
    expect(ends.filter(({ event }) => event === "cut")).toEqual([]);
  });

  it("has an ordinary sidecar serve on while the application ends", async () => {
    rig.setPace(100);
    const containers = [caller("app", ["streams", "20"])];
    const pod = await rig.run({ pod: podOf({ containers }), minor: 27 });
    await hasTold(pod, "opened", { count: 20 });
    await pod.delete();
    expect(pod.events.slice(-4)).toEqual([
      "app told to stop",
      "app ended 0",
      "sidestep told to stop",
      "sidestep ended 0",
    ]);
    expect(told(pod).filter(({ event }) => event === "cut")).toEqual([]);
  });

  it("kills an application that does not listen, and still stops the sidecar well", async () => {
    const containers = [caller("app", ["deaf"])];
    const pod = await rig.run({ pod: podOf({ containers, terminationGracePeriodSeconds: 3 }) });
    await hasTold(pod, "begun");
    await pod.delete();
    expect(pod.events.slice(-5)).toEqual([
      "app told to stop",
      "app killed",
      "app ended 137",
      "sidestep told to stop",
      "sidestep ended 0",
    ]);
  });
});

describe("a sidecar that ends by itself", () => {
  it("is started again, while the application goes on and its calls come through", async () => {
    const pod = await rig.run({ pod: podOf({}) });
    await hasTold(pod, "call");
    const sidecar = pod.container("sidestep");
    sidecar.container.kill("SIGKILL");
    await eventually(() => (sidecar.restarts === 1 ? true : null));
    const before = told(pod).filter(({ event }) => event === "call").length;
    await hasTold(pod, "call", { count: before + 5 });
    expect(pod.events).toContain("sidestep ended 137");
    expect(pod.container("app").restarts).toBe(0);
    expect(pod.container("app").container.isRunning()).toBe(true);
  });
});
