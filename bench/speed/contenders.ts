/** What is compared: nothing in between, nginx, the least relay in Node, Sidestep, and what users would pick instead. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runtimeEnvironment, runtimeFlags } from "../../scripts/build/runtime.ts";
import { freePort, startProxy } from "./nginx.ts";
import { litellm, litellmVersion, portkey, portkeyVersion } from "./peers.ts";
import type { Started } from "./processes.ts";
import type { Stage } from "./stage.ts";
import { chatPath, clientHeaders } from "./traffic.ts";

/** Where calls go. */
export interface Endpoint {
  /** Scheme, host and port. */
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A contender that serves. */
export interface Running {
  readonly name: string;
  readonly endpoint: Endpoint;
  /** Its process; null for the direct way. */
  readonly started: Started | null;
}

/** One way for a call to reach the upstream. */
export interface Contender {
  readonly name: string;
  /** Why it cannot take part; null when it can. */
  readonly missing: string | null;
  /** `upstream` is a base address without path; without `port` any free one is taken. */
  readonly start: (stage: Stage, upstream: string, port?: number) => Promise<Running>;
}

/** The name of the row that added time is held against. */
export const directName = "direct";
/** The name of the row that stands for Node's own limit. */
export const bareName = "bare relay";
export const sidestepName = "Sidestep";
export const nginxName = "nginx";
export const portkeyName = "Portkey";
export const litellmName = "LiteLLM";

/** A chat call's way to `url`. */
function endpointOf(url: string, headers: Readonly<Record<string, string>> = {}): Endpoint {
  return { url, path: chatPath, headers: { ...clientHeaders, ...headers } };
}

/** The same way with one more header line on every call. */
export function withHeader(endpoint: Endpoint, name: string): Endpoint {
  return { ...endpoint, headers: { ...endpoint.headers, [name]: "1" } };
}

export const direct: Contender = {
  name: directName,
  missing: null,
  start: (_stage, upstream) =>
    Promise.resolve({ name: directName, endpoint: endpointOf(upstream), started: null }),
};

export const nginx: Contender = {
  name: nginxName,
  missing: null,
  start: async (stage, upstream, port) => {
    const { processes, folder, cores } = stage;
    const place = { processes, folder, core: cores.proxy };
    const { url, started } = await startProxy(place, upstream, port);
    return { name: nginxName, endpoint: endpointOf(url), started };
  },
};

export const bareRelay: Contender = relayOf(bareName, "bare-relay.ts");
export const workingRelay: Contender = relayOf("working relay", "working-relay.ts");

/** One of the bench's own relays. */
function relayOf(name: string, file: string): Contender {
  return {
    name,
    missing: null,
    start: async ({ processes, cores }, upstream, port = 0) => {
      const started = await processes.start({
        name,
        command: process.execPath,
        args: [join(import.meta.dirname, "programs", file), upstream, String(port)],
        core: cores.proxy,
        ready: "line",
      });
      return { name, endpoint: endpointOf(String(started.ready["url"])), started };
    },
  };
}

/** How one Sidestep differs from another. */
export interface SidestepOptions {
  readonly name?: string;
  /** The policy as YAML, given the upstream's address. */
  readonly policy?: (upstream: string) => string;
  /** A policy file that is there already, in place of `policy`. */
  readonly file?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** False lets it run on every core, as the local model's two threads want to. */
  readonly isPinned?: boolean;
  /** Where it keeps what it has computed; every start has an empty folder of its own unless one is named. */
  readonly state?: string;
}

/** A policy that forwards everything and needs no model. */
export function relayPolicy(upstream: string): string {
  return `version: 1
model: null
providers:
  openai: { url: "${upstream}/v1" }
routes:
  - name: everything
    forward: {}
`;
}

/** A Sidestep with its admin address in `started.ready`. */
export function sidestep(options: SidestepOptions = {}): Contender {
  const { name = sidestepName, policy = relayPolicy, environment = {}, isPinned = true } = options;
  return {
    name,
    missing: null,
    start: async (stage, upstream, port = 0) => {
      const home = stage.newFolder(name);
      const file = options.file ?? join(home, "policy.yaml");
      if (options.file === undefined) writeFileSync(file, policy(upstream));
      const started = await stage.processes.start({
        name,
        command: process.execPath,
        args: [
          ...runtimeFlags,
          ...sidestepArguments(stage.program(), file, port),
          "--state",
          options.state ?? join(home, "state"),
        ],
        core: isPinned ? stage.cores.proxy : stage.cores.all,
        environment: { ...runtimeEnvironment, ...environment },
        ready: "line",
      });
      return { name, endpoint: endpointOf(String(started.ready["listen"])), started };
    },
  };
}

function sidestepArguments(program: string, policy: string, port: number): readonly string[] {
  const listeners = ["--listen", `127.0.0.1:${port}`, "--admin", "127.0.0.1:0"];
  return [program, "run", "--policy", policy, ...listeners];
}

const fetchHint = "not fetched: run `npm run bench:peers`";

export const portkeyGateway: Contender = {
  name: portkeyName,
  missing: portkeyVersion() === null ? fetchHint : null,
  start: async ({ processes, cores }, upstream, wanted) => {
    const port = wanted ?? (await freePort());
    const started = await processes.start({
      name: portkeyName,
      command: process.execPath,
      args: [portkey.program, `--port=${port}`, "--headless"],
      core: cores.proxy,
      ready: { port },
    });
    const headers = {
      "x-portkey-provider": "openai",
      "x-portkey-custom-host": `${upstream}/v1`,
    };
    const endpoint = endpointOf(`http://127.0.0.1:${port}`, headers);
    return { name: portkeyName, endpoint, started };
  },
};

export const litellmProxy: Contender = {
  name: litellmName,
  missing: litellmVersion() === null ? fetchHint : null,
  start: async (stage, upstream, wanted) => {
    const port = wanted ?? (await freePort());
    const file = join(stage.newFolder(litellmName), "config.yaml");
    writeFileSync(file, litellmConfig(upstream));
    const started = await stage.processes.start({
      name: litellmName,
      command: litellm.program,
      args: ["--config", file, "--host", "127.0.0.1", "--port", String(port)],
      core: stage.cores.proxy,
      environment: {
        LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY: "true",
        LITELLM_LOCAL_MODEL_COST_MAP: "True",
      },
      ready: { port },
    });
    return { name: litellmName, endpoint: endpointOf(`http://127.0.0.1:${port}`), started };
  },
};

function litellmConfig(upstream: string): string {
  return `model_list:
  - model_name: gpt-4o-mini
    litellm_params:
      model: openai/gpt-4o-mini
      api_base: ${upstream}/v1
      api_key: sk-bench
litellm_settings:
  telemetry: false
`;
}
