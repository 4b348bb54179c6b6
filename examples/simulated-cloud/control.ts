/** The control endpoints under `/_control`, by which a test scripts the cloud and reads what it saw. */

import type { AnswerBook } from "./answer-book.ts";
import { readAnswers } from "./answer-book.ts";
import { readFaults } from "./fault.ts";
import type { FaultScript } from "./fault-script.ts";
import type { Journal } from "./journal.ts";
import { numberOf } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { jsonReply } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { CloudSettings } from "./settings.ts";

export const CONTROL_PREFIX = "/_control/";

export interface CloudState {
  settings: CloudSettings;
  readonly answers: AnswerBook;
  readonly faults: FaultScript;
  readonly journal: Journal;
}

export interface ControlCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: JsonObject | undefined;
}

type Action = (call: ControlCall, state: CloudState) => unknown;

const ACTIONS: Readonly<Record<string, Action>> = {
  "GET requests": ({ query }, { journal }) => ({
    count: journal.count,
    requests: journal.entries(limitOf(query)),
  }),
  "DELETE requests": (_call, { journal }) => {
    journal.clear();
    return { count: 0 };
  },
  "GET faults": (_call, { faults }) => ({ faults: faults.progress() }),
  "POST faults": ({ body }, { faults }) => {
    faults.add(readFaults(body));
    return { faults: faults.progress() };
  },
  "DELETE faults": (_call, { faults }) => {
    faults.clear();
    return { faults: [] };
  },
  "GET answers": (_call, { answers }) => ({ count: answers.size }),
  "POST answers": ({ body }, { answers }) => {
    answers.add(readAnswers(body));
    return { count: answers.size };
  },
  "DELETE answers": (_call, { answers }) => {
    answers.clear();
    return { count: 0 };
  },
  "GET settings": (_call, state) => state.settings,
  "POST settings": ({ body }, state) => {
    state.settings = changed(state.settings, body ?? {});
    return state.settings;
  },
};

export function answerControl(call: ControlCall, state: CloudState): Reply {
  const name = call.path.slice(CONTROL_PREFIX.length);
  const action = ACTIONS[`${call.method} ${name}`];
  if (action === undefined) {
    const error = `no such control; there are ${Object.keys(ACTIONS).join(", ")}`;
    return jsonReply(404, [], { error });
  }
  if (call.method === "POST" && call.body === undefined) {
    return jsonReply(400, [], { error: "the body is no JSON object" });
  }
  try {
    return jsonReply(200, [], action(call, state));
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) {
      return jsonReply(400, [], { error: error.message });
    }
    throw error;
  }
}

function limitOf(query: URLSearchParams): number | undefined {
  const limit = query.get("limit");
  return limit === null ? undefined : Number(limit);
}

function changed(settings: CloudSettings, body: JsonObject): CloudSettings {
  const flag = (name: "requireKey" | "compress"): boolean =>
    typeof body[name] === "boolean" ? body[name] : settings[name];
  const amount = (name: "ttftMs" | "tokensPerSecond" | "jitter"): number =>
    Math.max(0, numberOf(body[name]) ?? settings[name]);
  return {
    ttftMs: amount("ttftMs"),
    tokensPerSecond: amount("tokensPerSecond"),
    jitter: Math.min(1, amount("jitter")),
    requireKey: flag("requireKey"),
    compress: flag("compress"),
  };
}
