/** The demo's third chapter: policy files change while calls flow, for better and for worse. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "./admin.ts";
import { openAiCall } from "./call.ts";
import type { Performance } from "./performance.ts";
import type { Stage } from "./stage.ts";

const HOURS = openAiCall("When are you open?");
const FAQ_FILE = "faq/store.yaml";
const POLICY_FILE = "support.yaml";
const PATIENCE_MS = 15_000;
const PAUSE_MS = 50;

export async function playReload(show: Performance, stage: Stage, admin: Admin): Promise<void> {
  show.chapter("A policy file changes");
  show.columns();
  await show.play(HOURS, { decision: "local", says: "9:00 to 18:00" });
  await stage.edit(FAQ_FILE, "9:00 to 18:00", "8:00 to 20:00");
  const changedMs = await until(async () => {
    const { answer } = await show.probe(HOURS);
    return answer.includes("8:00 to 20:00");
  });
  await show.play(HOURS, { decision: "local", says: "8:00 to 20:00" });
  show.expect(changedMs !== null, "the new answer never came");
  if (changedMs !== null) {
    show.say(
      `${FAQ_FILE} was saved; the new opening hours were given ${seconds(changedMs)} later.`,
    );
  }

  show.chapter("A policy file breaks");
  await stage.edit(POLICY_FILE, "routes:", "rotues:");
  const noticedMs = await until(async () => (await admin.policy()).includes("rotues"));
  show.expect(noticedMs !== null, "the broken file was not noticed");
  const problem = /[^"\\]*rotues[^"\\]*/u.exec(await admin.policy())?.[0] ?? "";
  show.say(`The policy page says: ${problem.trim()}`);
  show.columns();
  await show.play(HOURS, { decision: "local", says: "8:00 to 20:00" });
  show.say("The last good policy stays in force.");
  await stage.edit(POLICY_FILE, "rotues:", "routes:");
}

/** Milliseconds until the condition held; null when it did not in time. */
async function until(condition: () => Promise<boolean>): Promise<number | null> {
  const startMs = performance.now();
  while (performance.now() - startMs < PATIENCE_MS) {
    if (await condition()) return performance.now() - startMs;
    await sleep(PAUSE_MS);
  }
  return null;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(2)} s`;
}
