/** What goes wrong in the hour, when, and which alerts it must bring about; hour.ts plays it. */
import { openAiCall } from "../../examples/demo/call.ts";
import type { Application } from "../../examples/demo/application.ts";
import type { Stage } from "../screenshots/stage.ts";

/** One thing that goes wrong for a while. */
export interface Event {
  readonly from: number;
  readonly until: number;
  readonly what: string;
  /** What must fire because of it. */
  readonly alerts: readonly string[];
  /** Whether the application gets errors that are the provider's. */
  readonly isProviders: boolean;
  readonly begin: (hour: Hour) => Promise<void>;
  readonly end: (hour: Hour) => Promise<void>;
}

/** What events work on. */
export interface Hour {
  readonly stage: Stage;
  readonly application: Application;
}

/** In minutes of the hour. */
export const events: readonly Event[] = [
  {
    from: 2,
    until: 3,
    what: "an application tries a model that has no price",
    alerts: ["SidestepUnpriced"],
    isProviders: false,
    begin: async ({ stage }) => {
      await unpriced(stage.url);
    },
    end: async () => {},
  },
  {
    from: 8,
    until: 17,
    what: "the provider answers 503 to everything",
    alerts: ["SidestepBreakerOpen", "SidestepUpstreamErrors"],
    isProviders: true,
    begin: async ({ stage }) => fault(stage, { kind: "status", ...status(503) }),
    end: async ({ stage }) => stage.cloud.state.faults.clear(),
  },
  {
    from: 21,
    until: 25,
    what: "somebody saves a broken policy",
    alerts: ["SidestepPolicyRefused"],
    isProviders: false,
    begin: ({ stage }) => stage.edit("ttl: 10m", "tll: 15m"),
    end: ({ stage }) => stage.edit("tll: 15m", "ttl: 15m"),
  },
  {
    from: 26,
    until: 36,
    what: "the provider tells everybody to slow down (429)",
    alerts: ["SidestepRateLimited"],
    isProviders: true,
    begin: async ({ stage }) => fault(stage, { kind: "status", ...status(429) }),
    end: async ({ stage }) => stage.cloud.state.faults.clear(),
  },
  {
    from: 37,
    until: 47,
    what: "an operator stops answering",
    alerts: ["SidestepStopped"],
    isProviders: false,
    begin: ({ stage }) => post(stage, "/mode", { mode: "observe" }),
    end: ({ stage }) => post(stage, "/mode", { mode: "enforce" }),
  },
  {
    from: 48,
    until: 50,
    what: "the application says that answers of the FAQ are wrong",
    alerts: ["SidestepRouteSuspended"],
    isProviders: false,
    begin: judgedWrong,
    end: ({ stage }) => post(stage, "/agreement", { resume: "store-faq" }),
  },
  {
    from: 51,
    until: 57,
    what: "the provider resets its connections within replies",
    alerts: ["SidestepRepliesCut"],
    isProviders: true,
    begin: async ({ stage }) => fault(stage, { kind: "reset", afterBytes: 100, times: 0 }),
    end: async ({ stage }) => stage.cloud.state.faults.clear(),
  },
];

type Fault = Parameters<Stage["cloud"]["state"]["faults"]["add"]>[0][number];

function fault({ cloud }: Stage, one: Fault): void {
  cloud.state.faults.add([one]);
}

function status(code: number) {
  return { status: code, retryAfter: null, headers: [], body: null, times: 0 } as const;
}

async function post({ admin }: Stage, path: string, body: object): Promise<void> {
  const reply = await fetch(`${admin}${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!reply.ok) throw new Error(`${path} answered ${reply.status}: ${await reply.text()}`);
  await reply.text();
}

async function unpriced(url: string): Promise<void> {
  const messages = [{ role: "user", content: "Which glue holds on wet canvas?" }];
  const reply = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer sk-demo" },
    body: JSON.stringify({ model: "a-model-of-tomorrow", messages }),
  });
  await reply.text();
}

/** As often as it takes: three wrong ones are enough while few were judged. */
async function judgedWrong({ stage, application }: Hour): Promise<void> {
  for (let at = 0; at < 12; at += 1) {
    const { decision, requestId: id } = await application.call(openAiCall("how do returns work"));
    if (decision === "local") await post(stage, "/feedback", { id, verdict: "wrong" });
  }
}
