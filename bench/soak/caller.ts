/** The soak's application: sends one call as its plan says and tells how it came back. */

import { createHash } from "node:crypto";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Row } from "../replay/row.ts";
import { SYSTEM_PROMPT } from "../replay/support-policy.ts";
import type { CallPlan } from "./plan.ts";
import { callHeader } from "./upstream.ts";

/** How a call came back. */
export interface Outcome {
  /** 0 when there was no reply. */
  readonly status: number;
  readonly decision: string;
  readonly reason: string;
  /** The sidecar's id of the call; empty without a reply. */
  readonly id: string;
  readonly body: Buffer;
  /** Whether the reply came to its end as HTTP has it. */
  readonly isWhole: boolean;
  /** Whether the caller left by plan. */
  readonly hasLeft: boolean;
  /** Error code when the connection broke; empty without one. */
  readonly error: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 256 });

/** The body of a call, and its hash. */
export function bodyOf(row: Row, { isStream }: CallPlan): { bytes: Buffer; sha256: string } {
  const messages = [
    { role: "system", content: SYSTEM_PROMPT },
    { role: "user", content: row.text },
  ];
  const call = { model: "gpt-4o-mini", user: String(row.user), messages };
  const bytes = Buffer.from(JSON.stringify(isStream ? { ...call, stream: true } : call));
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Never rejects. */
export function send(url: string, body: Buffer, plan: CallPlan): Promise<Outcome> {
  return new Promise((resolve) => {
    let hasLeft = false;
    const gone = (error: unknown): void => resolve({ ...nothing, hasLeft, error: codeOf(error) });
    const request = httpRequest(`${url}/v1/chat/completions`, {
      method: "POST",
      agent,
      headers: {
        "content-type": "application/json",
        "content-length": String(body.length),
        authorization: "Bearer sk-soak",
        [callHeader]: String(plan.number),
      },
    });
    request.on("error", gone);
    request.on("response", (response) => void read(response, plan).then(resolve));
    request.end(body);
    if (plan.leaving !== "before-reply") return;
    request.on("finish", () =>
      setTimeout(() => {
        hasLeft = true;
        request.destroy();
      }, plan.chance * 30),
    );
  });
}

const nothing = {
  status: 0,
  decision: "",
  reason: "",
  id: "",
  body: Buffer.alloc(0),
  isWhole: false,
};

async function read(response: IncomingMessage, plan: CallPlan): Promise<Outcome> {
  const header = (name: string): string => String(response.headers[`x-sidestep-${name}`] ?? "");
  const told = {
    status: response.statusCode ?? 0,
    decision: header("decision"),
    reason: header("reason"),
    id: header("request-id"),
  };
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) {
      chunks.push(Buffer.from(chunk));
      if (plan.leaving === "mid-reply") {
        response.destroy();
        return { ...told, body: Buffer.concat(chunks), isWhole: false, hasLeft: true, error: "" };
      }
      if (plan.isSlow) await pause(plan.chance * 200);
    }
    const body = Buffer.concat(chunks);
    return { ...told, body, isWhole: response.complete, hasLeft: false, error: "" };
  } catch (error) {
    const hasLeft = plan.leaving === "before-reply" && response.destroyed;
    const body = Buffer.concat(chunks);
    return { ...told, body, isWhole: false, hasLeft, error: codeOf(error) };
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error ? String(error.code) : error.message;
}
