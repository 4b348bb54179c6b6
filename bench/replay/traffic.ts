/** Sends rows through the sidecar as an application would, and says how each one was served. */

import { array, object, safeParse, string } from "valibot";
import type { Row } from "./row.ts";
import { SYSTEM_PROMPT } from "./support-policy.ts";

/** How one call came back. */
export interface Served {
  /** The sidecar's own word: local, cache, stale, forwarded, refused; `failed` when there was no reply. */
  readonly decision: string;
  readonly reason: string;
  readonly route: string;
  readonly confidence: string;
  /** The text of the answer. */
  readonly answer: string;
  /** What the sidecar says it saved, USD. */
  readonly savedUsd: number;
  readonly overheadMs: number;
}

export interface TrafficOptions {
  /** Base of the sidecar's data listener. */
  readonly url: string;
  readonly model: string;
  /** Calls under way at one time. */
  readonly concurrency: number;
  /** Called in the order in which calls end. */
  readonly onServed: (row: Row, served: Served) => void;
}

const completion = object({
  choices: array(object({ message: object({ content: string() }) })),
});

/** Starts the rows in their order, a bounded number at a time; settles when all have been served. */
export async function sendRows(rows: readonly Row[], options: TrafficOptions): Promise<void> {
  const queue = rows.values();
  const worker = async (): Promise<void> => {
    for (const row of queue) options.onServed(row, await sendRow(row, options));
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
}

async function sendRow(row: Row, { url, model }: TrafficOptions): Promise<Served> {
  try {
    const reply = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer sk-replay" },
      body: JSON.stringify({
        model,
        user: String(row.user),
        messages: [
          { role: "system", content: SYSTEM_PROMPT },
          { role: "user", content: row.text },
        ],
      }),
    });
    const parsed = safeParse(completion, await reply.json());
    const answer = parsed.success ? parsed.output.choices[0]?.message.content : undefined;
    if (answer === undefined) return failed(`status ${reply.status}`);
    return servedFrom(reply.headers, answer);
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

function servedFrom(headers: Headers, answer: string): Served {
  const header = (name: string): string => headers.get(`x-sidestep-${name}`) ?? "";
  return {
    decision: header("decision"),
    reason: header("reason"),
    route: header("route"),
    confidence: header("confidence"),
    answer,
    savedUsd: Number(header("saved")) || 0,
    overheadMs: Number(header("overhead-ms")) || 0,
  };
}

function failed(reason: string): Served {
  const nothing = { route: "", confidence: "", answer: "", savedUsd: 0, overheadMs: 0 };
  return { decision: "failed", reason, ...nothing };
}
