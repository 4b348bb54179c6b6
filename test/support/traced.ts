/** A traced sidecar between a scripted cloud and an OTLP collector, for tests of traces. */
import { createMetricsCollector, type MetricsCollector } from "./otlp-metrics.ts";
import { spansIn, type SeenSpan } from "./otlp-traces.ts";
import {
  createScriptedUpstream,
  type Exchange,
  type ScriptedUpstream,
} from "./scripted-upstream.ts";
import { eventually, startSidecar, type Sidecar } from "./sidecar.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string>>;

/** How it is started. */
export interface TracedOptions {
  /** The policy, by the cloud's URL. */
  readonly policy: (url: string) => string;
  readonly env?: Environment;
  /** Where spans go instead of the collector. */
  readonly to?: string;
}

/** The three, running. */
export interface Traced {
  readonly cloud: ScriptedUpstream;
  readonly collector: MetricsCollector;
  readonly sidecar: Sidecar;
  /** What the cloud got last. */
  readonly last: () => Exchange | undefined;
  close(): Promise<void>;
}

const completion = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "gpt-4o-mini",
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
};

/** A chat completion that says `text`. */
export function saying(text: string): { headers: string[]; body: string } {
  const [choice] = completion.choices;
  const choices = [{ ...choice, message: { role: "assistant", content: text } }];
  return {
    headers: ["content-type", "application/json"],
    body: JSON.stringify({ ...completion, choices }),
  };
}

/** The cloud says "ok" to everything until a test says otherwise. */
export async function startTraced({ policy, env = {}, to }: TracedOptions): Promise<Traced> {
  const cloud = await createScriptedUpstream();
  const collector = await createMetricsCollector();
  cloud.play(saying("ok"));
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: to ?? collector.url };
  const sidecar = await startSidecar({
    policy: policy(cloud.url),
    env: { ...endpoint, OTEL_BSP_SCHEDULE_DELAY: "50", ...env },
  });
  return {
    cloud,
    collector,
    sidecar,
    last: () => cloud.exchanges.at(-1),
    close: async () => {
      await sidecar.stop();
      await collector.close();
      await cloud.close();
    },
  };
}

/** One chat call. */
export interface Asked {
  readonly text: string;
  readonly system?: string;
  readonly headers?: Environment;
  readonly prefix?: string;
  readonly stream?: boolean;
}

/** Sends it and reads the whole reply. */
export async function ask(sidecar: Sidecar, call: Asked): Promise<Response> {
  const { text, system, headers = {}, prefix = "", stream = false } = call;
  const before = system === undefined ? [] : [{ role: "system", content: system }];
  const messages = [...before, { role: "user", content: text }];
  const reply = await fetch(`${sidecar.url}${prefix}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "gpt-4o", stream, messages }),
  });
  await reply.text();
  return reply;
}

/** Every span that has come, once one of them is as wanted. */
export async function spansWith(
  collector: MetricsCollector,
  isWanted: (span: SeenSpan) => boolean,
): Promise<readonly SeenSpan[]> {
  return eventually(() => {
    const spans = collector.sent.flatMap(spansIn);
    return spans.some(isWanted) ? spans : null;
  });
}

/** The call's spans, by the request id of its reply. */
export async function treeOf(collector: MetricsCollector, reply: Response): Promise<SeenSpan[]> {
  const id = reply.headers.get("x-sidestep-request-id");
  const isRoot = ({ kind, attributes }: SeenSpan): boolean =>
    kind === 2 &&
    attributes.some(({ key, value }) => key === "sidestep.request_id" && value === id);
  const spans = await spansWith(collector, isRoot);
  const root = spans.find(isRoot);
  return spans.filter(({ traceId }) => traceId === root?.traceId);
}

/** The tree's span of that name. */
export function spanIn(tree: readonly SeenSpan[], name: string): SeenSpan {
  const found = tree.find((one) => one.name === name);
  if (found === undefined) {
    throw new Error(`${name} is not in ${tree.map((one) => one.name).join(", ")}`);
  }
  return found;
}
