/** Restarts of pods one after the other, as a rollout does: the new pod is up before the old one goes, and no stream is cut. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningPod } from "./support/kubelet.ts";
import { caller, hasTold, openRig, podOf, told, type Rig } from "./support/rig.ts";

/** How many pods come and go; `SIDESTEP_RESTARTS=500` is the long form. */
const restarts = Number(process.env["SIDESTEP_RESTARTS"] ?? 6);

/** Pods that are replaced at the same time. */
const lanes = 2;

/** Streams that each pod holds open all the time. */
const streams = 20;

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
  rig.setPace(60);
});

afterAll(async () => {
  await rig.clear();
  await rig.close();
});

async function started(): Promise<RunningPod> {
  const containers = [caller("app", ["streams", String(streams)])];
  const pod = await rig.run({ pod: podOf({ containers }) });
  await hasTold(pod, "opened", { count: streams });
  return pod;
}

function ends(pod: RunningPod, event: "whole" | "cut"): number {
  return told(pod).filter((each) => each["event"] === event).length;
}

/** What came of the streams of pods that have gone. */
interface Count {
  whole: number;
  cut: number;
  failures: string[];
}

async function replaced(old: RunningPod, count: Count): Promise<void> {
  await old.delete();
  count.whole += ends(old, "whole");
  count.cut += ends(old, "cut");
  const wanted = ["app ended 0", "sidestep told to stop", "sidestep ended 0"];
  const last = old.events.slice(-3);
  if (last.join() !== wanted.join()) count.failures.push(last.join());
}

describe("a rollout", () => {
  it(
    `of ${restarts} pods cuts no stream within the grace period`,
    async () => {
      const count: Count = { whole: 0, cut: 0, failures: [] };
      const perLane = Math.ceil(restarts / lanes);
      const lane = async (): Promise<void> => {
        let current = await started();
        for (let done = 0; done < perLane; done += 1) {
          const next = await started();
          await replaced(current, count);
          current = next;
        }
        await replaced(current, count);
      };
      await Promise.all(Array.from({ length: lanes }, lane));
      console.log(`${perLane * lanes} restarts: ${count.whole} streams whole, ${count.cut} cut`);
      expect(count).toMatchObject({ cut: 0, failures: [] });
      expect(count.whole).toBeGreaterThanOrEqual(perLane * lanes * streams);
    },
    60_000 + restarts * 30_000,
  );
});
