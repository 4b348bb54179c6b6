/** Load in a closed loop by wrk: so many connections, each with its next call as soon as the last is answered. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { pinned, type Core } from "./pinning.ts";
import type { Endpoint } from "./contenders.ts";

/** A load. */
export interface WrkLoad {
  readonly target: Endpoint;
  /** Bodies in turn; one is sent over and over. */
  readonly bodies: readonly string[];
  readonly connections: number;
  readonly seconds: number;
}

/** Where wrk runs. */
export interface WrkPlace {
  readonly folder: string;
  readonly core: Core;
}

/** What came of it; latencies in milliseconds, `failed` are calls without a 2xx reply. */
export interface WrkResult {
  readonly done: number;
  readonly failed: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

const resultSchema = v.object({
  done: v.number(),
  failed: v.number(),
  seconds: v.number(),
  p50: v.number(),
  p90: v.number(),
  p99: v.number(),
});

/** Rejects when wrk itself fails. */
export async function runWrk(load: WrkLoad, { folder, core }: WrkPlace): Promise<WrkResult> {
  const { target, connections, seconds } = load;
  const script = join(folder, "wrk.lua");
  writeFileSync(join(folder, "wrk-bodies"), load.bodies.join("\n"));
  writeFileSync(script, scriptFor(load, folder));
  const size = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s"];
  const words = ["wrk", ...size, "-s", script, target.url];
  const [command = "", ...args] = pinned(core, words);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const [code]: unknown[] = await once(child, "close");
  const line = output.split("\n").find((one) => one.startsWith('{"done"'));
  if (code !== 0 || line === undefined)
    throw new Error(`wrk ended with ${String(code)}: ${output}`);
  return v.parse(resultSchema, JSON.parse(line));
}

function scriptFor({ target, bodies }: WrkLoad, folder: string): string {
  const headers = Object.entries(target.headers).map(
    ([name, value]) => `wrk.headers[${luaText(name)}] = ${luaText(value)}`,
  );
  return `wrk.method = "POST"
wrk.path = ${luaText(target.path)}
${headers.join("\n")}
local bodies = {}
for line in io.lines(${luaText(join(folder, "wrk-bodies"))}) do bodies[#bodies + 1] = line end
${bodies.length === 1 ? "wrk.body = bodies[1]" : inTurn}
function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('{"done":%d,"failed":%d,"seconds":%f,"p50":%f,"p90":%f,"p99":%f}\\n',
    summary.requests, failed, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(90) / 1e3, latency:percentile(99) / 1e3))
end
`;
}

const inTurn = `local requests, at = {}, 0
function init()
  for _, body in ipairs(bodies) do
    requests[#requests + 1] = wrk.format(wrk.method, wrk.path, wrk.headers, body)
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end`;

/** What JSON escapes, Lua reads the same, as long as it is plain ASCII. */
function luaText(text: string): string {
  return JSON.stringify(text);
}
