/** Starts a real Prometheus on a folder of its own, which scrapes what it is told and evaluates the rules it is given. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as v from "valibot";
import { stringify } from "yaml";

/** Whether `prometheus` and `promtool` can be run; where every part is required it is a fault when not. */
export const hasPrometheus: boolean = ["prometheus", "promtool"].every(isThere);

function isThere(command: string): boolean {
  try {
    execFileSync(command, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    if (process.env["SIDESTEP_REQUIRE_PARTS"] !== "1") return false;
    throw new Error(`${command} is missing: Debian's package prometheus has it`);
  }
}

/** What promtool makes of its input: exit code, and all that it printed. */
export function promtool(args: readonly string[], input = ""): { code: number; told: string } {
  try {
    const told = execFileSync("promtool", [...args], { input, encoding: "utf8", stdio: "pipe" });
    return { code: 0, told };
  } catch (fault) {
    const ended = v.parse(
      v.object({ status: v.number(), stdout: v.string(), stderr: v.string() }),
      fault,
    );
    return { code: ended.status, told: `${ended.stdout}${ended.stderr}` };
  }
}

/** One series of an answer with its newest value. */
export interface Answered {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A running Prometheus. */
export interface Prometheus {
  readonly url: string;
  /** An instant query; rejects with Prometheus' own words when it is wrong. */
  query(expression: string): Promise<readonly Answered[]>;
  /** One GET of the API; what it has to say. */
  api(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown>;
  stop(): Promise<void>;
}

/** What it watches. */
export interface PrometheusOptions {
  /** Job's name -> base URL of a listener that has `/metrics`. */
  readonly jobs: Readonly<Record<string, string>>;
  /** Texts of rule files. */
  readonly rules?: readonly string[];
  readonly intervalMs: number;
}

/** Resolves when it serves; its first scrape comes about five seconds later. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), "sidestep-prometheus-"));
  const rules = options.rules ?? [];
  const names = rules.map((_text, at) => `rules-${at}.yaml`);
  for (const [at, text] of rules.entries()) await writeFile(join(folder, `rules-${at}.yaml`), text);
  await writeFile(join(folder, "prometheus.yaml"), configOf(options, names));
  const child = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yaml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      "--web.listen-address=127.0.0.1:0",
      "--query.lookback-delta=5s",
      "--enable-feature=exemplar-storage",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const url = `http://${await addressOf(child)}`;
  await ready(url);
  return {
    url,
    query: (expression) => query(url, expression),
    api: (path, parameters) => api(url, path, parameters),
    stop: () => stopped(child, folder),
  };
}

function configOf({ jobs, intervalMs }: PrometheusOptions, rules: readonly string[]): string {
  const interval = `${intervalMs}ms`;
  return stringify({
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: rules,
    scrape_configs: Object.entries(jobs).map(([job, url]) => ({
      job_name: job,
      static_configs: [{ targets: [new URL(url).host] }],
    })),
  });
}

/** Prometheus says on standard error where it listens; what it says afterwards is read and dropped. */
async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new Error("no standard error");
  const told: string[] = [];
  const lines = createInterface({ input: child.stderr });
  const found = Promise.withResolvers<string>();
  lines.on("line", (line) => {
    told.push(line);
    const address = /msg="Listening on" address=(\S+)/.exec(line)?.[1];
    if (address !== undefined) found.resolve(address);
  });
  child.on("error", found.reject);
  child.on("exit", (code) => found.reject(new Error(`ended with ${code}:\n${told.join("\n")}`)));
  return found.promise;
}

async function ready(url: string): Promise<void> {
  for (;;) {
    const reply = await fetch(`${url}/-/ready`);
    await reply.text();
    if (reply.status === 200) return;
  }
}

const reply = v.union([
  v.object({ status: v.literal("success"), data: v.unknown() }),
  v.object({ status: v.literal("error"), error: v.string() }),
]);

async function api(
  url: string,
  path: string,
  parameters: Readonly<Record<string, string>>,
): Promise<unknown> {
  const asked = new URLSearchParams(parameters).toString();
  const answer = await fetch(`${url}${path}?${asked}`);
  const told = v.parse(reply, await answer.json());
  if (told.status === "error") throw new Error(`${told.error}: ${parameters["query"] ?? path}`);
  return told.data;
}

const vector = v.object({
  resultType: v.picklist(["vector", "scalar"]),
  result: v.union([
    v.tuple([v.number(), v.string()]),
    v.array(
      v.object({
        metric: v.record(v.string(), v.string()),
        value: v.tuple([v.number(), v.string()]),
      }),
    ),
  ]),
});

async function query(url: string, expression: string): Promise<readonly Answered[]> {
  const { result } = v.parse(vector, await api(url, "/api/v1/query", { query: expression }));
  const [first] = result;
  if (typeof first === "number") return [{ labels: {}, value: Number(result[1]) }];
  return result.flatMap((series) =>
    typeof series === "object" ? [{ labels: series.metric, value: Number(series.value[1]) }] : [],
  );
}

async function stopped(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.removeAllListeners("exit");
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }
  await rm(folder, { recursive: true, force: true });
}
