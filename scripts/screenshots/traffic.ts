/** An hour of a web shop's calls in a minute, for the pictures of the page: many alike, some hard, and a provider that fails for a while. */
import { applicationFor, type Application } from "../../examples/demo/application.ts";
import { anthropicCall, openAiCall, type Call } from "../../examples/demo/call.ts";
import { SCENES } from "../../examples/demo/script.ts";
import { fraction } from "../../examples/simulated-cloud/random.ts";
import type { Stage } from "./stage.ts";

const sentiment =
  "Classify the sentiment of the customer's message as positive, negative or neutral. Answer with one word.";

/** What comes again and again, besides the demo's scenes. */
const common: readonly Call[] = [
  openAiCall("hello"),
  openAiCall("good morning", { stream: true }),
  anthropicCall("hi there"),
  openAiCall("thank you so much"),
  openAiCall("When are you open?", { stream: true }),
  openAiCall("are you open on saturdays"),
  anthropicCall("how do returns work"),
  openAiCall("what does delivery cost"),
  openAiCall("How can I pay?"),
  openAiCall("I forgot my password", { stream: true }),
  openAiCall("The parcel came a day early, wonderful!", { system: sentiment }),
  openAiCall("Third time the zip broke. Never again.", { system: sentiment }),
  openAiCall("I am very happy with this lamp", { system: sentiment }),
  openAiCall("Which sleeping bag is warm enough for October?"),
  anthropicCall("Draft a reply to a customer whose tent arrived torn", { stream: true }),
  openAiCall("Summarise our returns policy for the press in two sentences"),
];

const scenes = SCENES.flatMap(({ calls }) => calls.map(([call]) => call));
const users = ["ann", "bob", "carl", "dora", "erik", "fay"];

/** The minute in which the provider begins to fail, and for how many. */
const outage = { from: 34, minutes: 3 };

/** Plays `minutes` of the sidecar's clock, each so many milliseconds long. */
export async function playTraffic(stage: Stage, minutes: number, minuteMs: number): Promise<void> {
  const application = applicationFor(stage.url);
  for (let minute = 0; minute < minutes; minute += 1) {
    const over = new Promise((resolve) => setTimeout(resolve, minuteMs));
    turn(stage, minute);
    await reload(stage, minute);
    await Promise.all(callsOf(minute).map((call, at) => oneCall(stage, application, call, at)));
    await over;
  }
}

/** What the application's users ask within a minute. */
export function callsOf(minute: number): readonly Call[] {
  const many = Math.round(7 + 4 * Math.sin(minute / 9) + 5 * fraction("many", minute));
  return Array.from({ length: many }, (_, at) => callAt(minute, at));
}

function turn({ cloud }: Stage, minute: number): void {
  const down = { status: 503, retryAfter: null, headers: [], body: null, times: 0 };
  if (minute === outage.from) cloud.state.faults.add([{ kind: "status", ...down }]);
  if (minute === outage.from + outage.minutes) cloud.state.faults.clear();
}

/** Somebody edits the policy, makes a mistake, and mends it. */
async function reload(stage: Stage, minute: number): Promise<void> {
  if (minute === 15) await stage.edit('"> 0.35"', '"> 0.4"');
  if (minute === 24) await stage.edit("ttl: 10m", "tll: 15m");
  if (minute === 27) await stage.edit("tll: 15m", "ttl: 15m");
}

function callAt(minute: number, at: number): Call {
  const from = fraction("kind", minute, at) < 0.6 ? common : scenes;
  const call = from[Math.floor(fraction("call", minute, at) * from.length)] ?? openAiCall("hello");
  const user = users[Math.floor(fraction("user", minute, at) * users.length)] ?? "ann";
  return { ...call, user };
}

/** One call, and sometimes the application's verdict on what it got. */
async function oneCall(
  { admin }: Stage,
  application: Application,
  call: Call,
  at: number,
): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, at * 40));
  const { decision, requestId: id } = await application.call(call);
  if (decision !== "local" || fraction("verdict", id) > 0.5) return;
  const verdict = fraction("wrong", id) < 0.008 ? "wrong" : "right";
  await fetch(`${admin}/feedback`, { method: "POST", body: JSON.stringify({ id, verdict }) });
}
