/** The demo's second chapter: the cloud goes away; breaker, stale answers and recovery. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "./admin.ts";
import { openAiCall } from "./call.ts";
import type { Call, Expectation } from "./call.ts";
import type { Performance } from "./performance.ts";
import type { Stage } from "./stage.ts";

const TENTS = "Which of your tents suits a week in Iceland in March?";
const RECOVERY_MS = 20_000;
const MOST_FAILURES = 10;
const PAUSE_MS = 250;

const DOWN: readonly (readonly [Call, Expectation])[] = [
  [openAiCall("Hello!"), { decision: "local" }],
  [openAiCall("When are you open?", { user: "bob" }), { decision: "local" }],
  [openAiCall(TENTS), { decision: "stale" }],
  [openAiCall(TENTS, { user: "bob" }), { decision: "error" }],
  [openAiCall("Where is my order #W5555555?"), { decision: "local", says: "cannot be reached" }],
  [openAiCall(TENTS, { stream: true }), { decision: "stale" }],
];

export async function playOutage(show: Performance, stage: Stage, admin: Admin): Promise<void> {
  show.chapter("The cloud goes down");
  await stage.stopCloud();
  show.say("The simulated cloud's process was ended: nothing listens there any more.");
  show.columns();
  for (const [call, expected] of DOWN) await show.play(call, expected);
  show.say(
    "Bob never asked that question, and Ann's answer is hers: he gets the provider's error.",
  );
  const hasOpened = await untilOpen(show, admin);
  show.say(`Breakers: ${stateText(await admin.breakers())}`);
  show.expect(hasOpened, "no breaker opened");

  show.chapter("The cloud comes back");
  await stage.startCloud();
  const waitedMs = await recovered(show);
  show.expect(waitedMs !== null, `no call reached the cloud within ${RECOVERY_MS / 1000} s`);
  if (waitedMs !== null) show.say(`First call through after ${(waitedMs / 1000).toFixed(1)} s.`);
  show.columns();
  await show.play(openAiCall(TENTS, { user: "bob" }), { decision: "forwarded" });
  const after = await admin.breakers();
  show.say(`Breakers: ${stateText(after)}`);
  show.expect(![...after.values()].includes("open"), "a breaker is still open");
}

/** More failing calls, until enough have failed for a breaker to open. */
async function untilOpen(show: Performance, admin: Admin): Promise<boolean> {
  for (let call = 0; call <= MOST_FAILURES; call += 1) {
    if ([...(await admin.breakers()).values()].includes("open")) return true;
    await show.probe(openAiCall(`Which of your tents suits ${call + 2} people?`, { user: "bob" }));
  }
  return false;
}

async function recovered(show: Performance): Promise<number | null> {
  const startMs = performance.now();
  while (performance.now() - startMs < RECOVERY_MS) {
    const { decision } = await show.probe(openAiCall("Are you there again?", { user: "probe" }));
    if (decision === "forwarded") return performance.now() - startMs;
    await sleep(PAUSE_MS);
  }
  return null;
}

function stateText(states: ReadonlyMap<string, string>): string {
  return [...states].map(([name, state]) => `${name} ${state}`).join(", ");
}
