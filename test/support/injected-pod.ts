/** Runs the sidecar of a patched pod as a process: its arguments and environment as the kubelet would give them. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { inject } from "../../proxy/injector/inject.ts";
import { allContainers, type Container, type Pod } from "../../proxy/injector/pod.ts";
import { main } from "./command.ts";
import { currentCluster, injectorSettings } from "./injector.ts";

/** Environment by name. */
export type Environment = Readonly<Record<string, string>>;

/** What surrounds the pod. */
export interface Surroundings {
  /** `NAME/KEY` -> value of a Secret. */
  readonly secrets?: Environment;
  /** `LEVEL/FILE` -> text of a policy. */
  readonly policies?: Environment;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What is waited for: the ready line, or the startup probe, as a kubelet does that then starts the application. */
  readonly waitsFor?: "ready" | "started";
}

/** A pod whose sidecar runs. */
export interface InjectedPod {
  readonly pod: Pod;
  /** The environment of one of its containers. */
  environmentOf(container: string): Environment;
  /** Writes `LEVEL/FILE` of its policies. */
  writePolicy(name: string, text: string): Promise<void>;
  /** What the sidecar has logged. */
  readonly log: () => string;
  readonly process: ChildProcess;
  readonly health: string;
  /** Sends SIGTERM and resolves to the exit code. */
  stop(): Promise<number | null>;
}

/** Injects the pod at a free port and starts its sidecar; resolves when that is ready. */
export async function startInjectedPod(
  given: Pod,
  around: Surroundings = {},
): Promise<InjectedPod> {
  const port = await freeTriple();
  const settings = injectorSettings({
    clusterPolicy: "sidestep-cluster",
    namespacePolicy: "sidestep",
    port,
    ...around.settings,
  });
  const subject = { pod: given, namespaceLabels: null, isAsked: true };
  const { pod, kind } = inject(subject, settings, currentCluster);
  if (kind === "skipped") throw new Error("the pod was skipped");
  const folder = await mkdtemp(join(tmpdir(), "sidestep-pod-"));
  const writePolicy = (name: string, text: string): Promise<void> =>
    written(join(folder, "etc/sidestep/policy", name), text);
  for (const [name, text] of Object.entries(around.policies ?? {})) await writePolicy(name, text);
  const secrets = around.secrets ?? {};
  const environmentOf = (name: string): Environment => environment(containerOf(pod, name), secrets);
  const child = started(containerOf(pod, "sidestep"), environmentOf("sidestep"), folder);
  const chunks: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
  if (around.waitsFor === "started") await startupProbed(containerOf(pod, "sidestep"), port + 2);
  else await ready(child, () => chunks.join(""));
  return {
    pod,
    environmentOf,
    writePolicy,
    log: () => chunks.join(""),
    process: child,
    health: `http://127.0.0.1:${port + 2}`,
    stop: () => stopped(child),
  };
}

function containerOf(pod: Pod, name: string): Container {
  const container = allContainers(pod).find((each) => each.name === name);
  if (container === undefined) throw new Error(`the pod has no container ${name}`);
  return container;
}

/** As the kubelet does: in order, `$(NAME)` being what stands before. */
function environment({ env }: Container, secrets: Environment): Environment {
  const values = new Map<string, string>();
  for (const { name, value, valueFrom } of env ?? []) {
    const text = valueFrom === undefined ? (value ?? "") : referred(valueFrom, secrets);
    if (text === null) continue;
    const expanded = text.replaceAll(
      /\$\((\w+)\)/g,
      (all, other: string) => values.get(other) ?? all,
    );
    values.set(name, expanded);
  }
  return Object.fromEntries(values);
}

function referred(valueFrom: unknown, secrets: Environment): string | null {
  const text = JSON.stringify(valueFrom);
  if (text.includes("fieldRef")) return "pod-field";
  const [, name, key] = /"secretKeyRef":\{"name":"([^"]+)","key":"([^"]+)"/.exec(text) ?? [];
  return secrets[`${name}/${key}`] ?? null;
}

/** Paths of mounts lead into a folder of the test. */
function started(container: Container, env: Environment, folder: string): ChildProcess {
  const moved = Object.entries(env).map(([name, value]) => [
    name,
    value.replaceAll(/\/(?:etc|var\/lib)\/sidestep/g, (path) => join(folder, path)),
  ]);
  const args: readonly unknown[] = Array.isArray(container["args"]) ? container["args"] : [];
  return spawn(process.execPath, [main, ...args.map(String)], {
    env: { PATH: process.env["PATH"], ...Object.fromEntries(moved) },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function ready(child: ChildProcess, log: () => string): Promise<void> {
  if (child.stdout === null) throw new Error("no standard output");
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`the sidecar ended with ${String(code)}:\n${log()}`);
  });
  await Promise.race([once(createInterface({ input: child.stdout }), "line"), exited]);
}

/** By the probe's own words, without a pause between two questions. */
async function startupProbed({ startupProbe }: Container, port: number): Promise<void> {
  const [, path = "none"] = /"path":"([^"]+)"/.exec(JSON.stringify(startupProbe)) ?? [];
  for (;;) {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
    if (reply?.ok === true) return;
  }
}

async function stopped(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
  return child.exitCode;
}

async function written(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** The first of three ports in a row that nobody has. */
async function freeTriple(): Promise<number> {
  for (;;) {
    const first = 10_000 + Math.floor(Math.random() * 2000) * 10;
    const servers = [0, 1, 2].map((step) => createServer().listen(first + step, "127.0.0.1"));
    const isFree = await Promise.all(servers.map(isListening));
    await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    if (isFree.every(Boolean)) return first;
  }
}

function isListening(server: Server): Promise<boolean> {
  return new Promise((done) => {
    server.once("listening", () => done(true));
    server.once("error", () => done(false));
  });
}
