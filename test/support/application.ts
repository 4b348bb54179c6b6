/** An application that keeps calling while a test brings something about: every call, and how it came back. */
import { createHash } from "node:crypto";
import type { SimulatedCloud } from "../../examples/simulated-cloud/cloud.ts";
import type { Sidecar } from "./sidecar.ts";

/** One call as the application saw it. */
export interface Called {
  readonly text: string;
  /** 0 when there was no reply at all. */
  readonly status: number;
  readonly decision: string;
  readonly reason: string;
  readonly id: string;
  /** SHA-256 of what was sent. */
  readonly sent: string;
  /** The body of the reply, or the failure's words. */
  readonly body: string;
}

/** Sends one chat call over a connection of fetch's own pool; never rejects. */
export async function ask(url: string, text: string): Promise<Called> {
  const body = JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: text }] });
  const sent = createHash("sha256").update(body).digest("hex");
  try {
    const reply = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const header = (name: string): string => reply.headers.get(`x-sidestep-${name}`) ?? "";
    const told = { decision: header("decision"), reason: header("reason") };
    const id = header("request-id");
    return { text, status: reply.status, ...told, id, sent, body: await reply.text() };
  } catch (fault) {
    const words = fault instanceof Error ? `${fault.message}: ${String(fault.cause)}` : "no reply";
    return { text, status: 0, decision: "", reason: "", id: "", sent, body: words };
  }
}

/** Says `text` without pause while `work` runs; gives every call. */
export async function underLoad(
  sidecar: Pick<Sidecar, "url">,
  text: string,
  work: () => Promise<void>,
): Promise<readonly Called[]> {
  const load = new AbortController();
  const calls: Called[] = [];
  const caller = async (): Promise<void> => {
    while (!load.signal.aborted) calls.push(await ask(sidecar.url, text));
  };
  const running = caller();
  try {
    await work();
  } finally {
    load.abort();
    await running;
  }
  return calls;
}

/** The calls that the application would have noticed: no reply, or one that is no 200. */
export function noticed(calls: readonly Called[]): readonly Called[] {
  return calls.filter(({ status }) => status !== 200);
}

/** Forwarded calls whose bytes did not reach the cloud as they were sent. */
export function changedOnTheWay(
  calls: readonly Called[],
  cloud: SimulatedCloud,
): readonly Called[] {
  const seen = new Set(cloud.state.journal.entries().map(({ bodySha256 }) => bodySha256));
  return calls.filter(({ decision, sent }) => decision === "forwarded" && !seen.has(sent));
}

/** The events of that name in a sidecar's log. */
export function eventsOf(sidecar: Pick<Sidecar, "log">, event: string): readonly object[] {
  const lines = sidecar.log().split("\n");
  return lines.filter((line) => line.includes(`"event":"${event}"`)).map((line) => objectOf(line));
}

function objectOf(line: string): object {
  const value: unknown = JSON.parse(line);
  return typeof value === "object" && value !== null ? value : {};
}

/** The first value that `pattern` finds on the metrics page; null without one. */
export async function metric(sidecar: Sidecar, pattern: RegExp): Promise<string | null> {
  const text = await (await fetch(`${sidecar.admin}/metrics`)).text();
  return pattern.exec(text)?.[1] ?? null;
}
