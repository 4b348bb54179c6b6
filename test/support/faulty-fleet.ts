/** Several sidecars of the real program, each with real faults that go on until the end; for what must be noticed. */
import { once } from "node:events";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { scrape } from "./exposition.ts";
import { canLimitMemory, limitMemory } from "./memory-limit.ts";
import {
  createScriptedUpstream,
  type Exchange,
  type ScriptedUpstream,
} from "./scripted-upstream.ts";
import { startSidecar, type Sidecar, type SidecarOptions } from "./sidecar.ts";

/** The sidecars; only `well` has no fault. */
export const fleetNames = [
  "well",
  "cloud",
  "judged",
  "poor",
  "busy",
  "operated",
  "starved",
  "dying",
  "dead",
] as const;

/** Name of one of them. */
export type FleetName = (typeof fleetNames)[number];

/** The fleet, running. */
export interface Fleet {
  /** Admin listeners by name; they stay the same while the fleet runs. */
  readonly admins: Readonly<Record<FleetName, string>>;
  /** From here on everything that is named so goes wrong. */
  beginFaults(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts all of them, and the provider that they call. */
export async function startFleet(): Promise<Fleet> {
  const cloud = await createScriptedUpstream();
  cloud.play(asAsked);
  const started = await Promise.all(
    fleetNames.map(async (name) => [name, await startSidecar(options[name](cloud))] as const),
  );
  const sidecars = new Map<FleetName, Sidecar>(started);
  const work = new Work();
  return {
    admins: recordOf((name) => sidecarOf(sidecars, name).admin),
    beginFaults: async () => {
      for (const name of fleetNames) await faults[name](sidecars, work);
    },
    stop: async () => {
      await work.end();
      for (const { process: child } of sidecars.values()) child.kill("SIGCONT");
      await Promise.all([...sidecars.values()].map((sidecar) => sidecar.stop()));
      await cloud.close();
    },
  };
}

function recordOf(value: (name: FleetName) => string): Record<FleetName, string> {
  return {
    well: value("well"),
    cloud: value("cloud"),
    judged: value("judged"),
    poor: value("poor"),
    busy: value("busy"),
    operated: value("operated"),
    starved: value("starved"),
    dying: value("dying"),
    dead: value("dead"),
  };
}

function sidecarOf(sidecars: ReadonlyMap<FleetName, Sidecar>, name: FleetName): Sidecar {
  const sidecar = sidecars.get(name);
  if (sidecar === undefined) throw new Error(`${name} was not started`);
  return sidecar;
}

/** Things that go on beside each other until the end. */
class Work {
  readonly #running: Promise<void>[] = [];
  readonly #undone: (() => void)[] = [];
  #isOver = false;

  /** Does `step` again and again; one that fails is no reason to stop. */
  again(step: (at: number) => Promise<unknown>): void {
    this.#running.push(this.#repeat(step));
  }

  afterwards(undo: () => void): void {
    this.#undone.push(undo);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
    for (const undo of this.#undone) undo();
  }

  async #repeat(step: (at: number) => Promise<unknown>): Promise<void> {
    for (let at = 0; !this.#isOver; at += 1) await step(at).catch(() => undefined);
  }
}

/** The first segment of the path says what the provider does. */
function asAsked(exchange: Exchange): Promise<void> {
  const kind = exchange.head.target.split("/")[1];
  if (kind === "failing") return exchange.reply({ status: 500, body: "broken" });
  if (kind === "limited") return exchange.reply({ status: 429, body: "slow down" });
  const reply = { headers: ["content-type", "application/json"], body: completion };
  if (kind !== "cutting") return exchange.reply(reply);
  return exchange.reply({ ...reply, fault: { phase: "mid-body", kind: "reset" } });
}

const completion = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "gpt-4o-mini",
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
});

function plainPolicy(url: string, more = ""): string {
  return `version: 1
model: null
providers:
  openai: { url: ${url}/fine/v1 }
${more}routes:
  - name: ping
    when: { text: "^ping$" }
    answer: { template: "pong" }
  - name: rest
    forward: {}
`;
}

const breaker = "{ error_threshold: 50%, window: 5s, min_requests: 3, cooldown: 300ms }";

function manyProviders(url: string): string {
  return `  failing: { url: ${url}/failing/v1, breaker: ${breaker} }
  limited: { url: ${url}/limited/v1 }
  cutting: { url: ${url}/cutting/v1 }
  gone: { url: "http://127.0.0.1:9/v1", retries: 0, breaker: ${breaker} }
`;
}

const long = "and then it went on as it had begun, which nobody had foreseen. ".repeat(64);

/** The same policy, with a long answer to who asks for a tale. */
function wordy(policy: string): string {
  const route = `  - { name: tale, when: { text: "^tale" }, answer: { template: "${long}" } }`;
  return policy.replace("routes:", `routes:\n${route}`);
}

function askingPolicy(url: string): string {
  return `version: 1
model: support-v1
providers: { openai: { url: ${url}/fine/v1 } }
limits: { decision: 200ms }
routes:
  - name: greeting
    when: { task: greeting, confidence: ">= 0.99", system: any }
    answer: { template: "Hello!" }
`;
}

const plain = ({ url }: ScriptedUpstream): SidecarOptions => ({ policy: plainPolicy(url) });

const options: Readonly<Record<FleetName, (cloud: ScriptedUpstream) => SidecarOptions>> = {
  well: plain,
  cloud: ({ url }) => ({ policy: plainPolicy(url, manyProviders(url)) }),
  judged: plain,
  poor: ({ url }) => ({
    policy: plainPolicy(url).replace("model: null", "model: ./nowhere"),
    env: {
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
      OTEL_EXPORTER_OTLP_TIMEOUT: "300",
    },
  }),
  busy: ({ url }) => ({ policy: askingPolicy(url) }),
  operated: plain,
  starved: plain,
  dying: plain,
  dead: plain,
};

type Sidecars = Map<FleetName, Sidecar>;

const faults: Readonly<Record<FleetName, (sidecars: Sidecars, work: Work) => Promise<void>>> = {
  well: async (sidecars, work) => {
    const { url } = sidecarOf(sidecars, "well");
    work.again(async (at) => {
      await ask(url, at % 2 === 0 ? "ping" : "something else");
      await pause(50);
    });
  },
  cloud: (sidecars, work) => {
    const { url } = sidecarOf(sidecars, "cloud");
    for (const provider of ["failing", "limited", "cutting", "gone", "openai"]) {
      work.again(async () => {
        await pause(50);
        await ask(`${url}/${provider}`, "hello", "a-model-without-a-price");
      });
    }
    return Promise.resolve();
  },
  judged: async (sidecars, work) => {
    const judged = sidecarOf(sidecars, "judged");
    const { admin, folder, policyFile, url } = judged;
    const file = join(folder, "audit.jsonl");
    await symlink("/dev/full", file);
    const audit = `audit: { file: ${file}, content: { max_chars: 4000 } }\n`;
    await writeFile(policyFile, wordy(plainPolicy("http://127.0.0.1:9")) + audit);
    // Records as long as a policy can make them fill up what may wait.
    for (let caller = 0; caller < 4; caller += 1) {
      work.again(async () => {
        await ask(url, `tale ${long}`);
        await pause(25);
      });
    }
    work.again(async () => {
      const id = await ask(url, "ping");
      const verdict = JSON.stringify({ id, verdict: "wrong" });
      await (await fetch(`${admin}/feedback`, { method: "POST", body: verdict })).text();
      await pause(50);
    });
  },
  poor: async (sidecars, work) => {
    const poor = sidecarOf(sidecars, "poor");
    if (!canLimitMemory || poor.process.pid === undefined) return;
    const bytes = (await scrape(poor)).get("process_resident_memory_bytes") ?? 0;
    // Half of what it has: all of that is memory of its own.
    work.afterwards(limitMemory(poor.process.pid, bytes / 2));
  },
  busy: async (sidecars, work) => {
    const { url } = sidecarOf(sidecars, "busy");
    const story = long.slice(0, long.length / 2);
    for (let caller = 0; caller < 60; caller += 1) {
      work.again((at) => ask(url, `${caller} ${at} ${story}`));
    }
  },
  operated: async (sidecars, work) => {
    const operated = sidecarOf(sidecars, "operated");
    await writeFile(operated.policyFile, "version: 1\nrotues: []\n");
    await fetch(`${operated.admin}/mode`, { method: "POST", body: "observe" });
    operated.process.stderr?.pause();
    // Lines as long as a caller can make them fill up what may wait.
    const name = "x".repeat(200);
    for (let caller = 0; caller < 8; caller += 1) {
      work.again(() => ask(`${operated.url}/v1/${name}`, "hello", name));
    }
    work.afterwards(() => operated.process.stderr?.resume());
  },
  starved: async (sidecars, work) => {
    const { process: child } = sidecarOf(sidecars, "starved");
    work.again(async () => {
      child.kill("SIGSTOP");
      await pause(300);
      child.kill("SIGCONT");
      await pause(100);
    });
  },
  dying: async (sidecars, work) => {
    const address = new URL(sidecarOf(sidecars, "dying").admin).host;
    const policy = plainPolicy("http://127.0.0.1:9");
    work.again(async () => {
      await killed(sidecarOf(sidecars, "dying"));
      const born = await startSidecar({ policy, flags: ["--admin", address] });
      sidecars.set("dying", born);
      // Long enough to be seen.
      await pause(1000);
    });
  },
  dead: (sidecars) => killed(sidecarOf(sidecars, "dead")),
};

async function killed(sidecar: Sidecar): Promise<void> {
  const ended = once(sidecar.process, "exit");
  sidecar.process.kill("SIGKILL");
  await ended;
  await sidecar.stop();
}

/** Gives the call's request id. */
async function ask(url: string, text: string, model = "gpt-4o-mini"): Promise<string> {
  const reply = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: text }] }),
  });
  await reply.text();
  return reply.headers.get("x-sidestep-request-id") ?? "";
}
