/** SIGTERM under many open streams, over and over: none may be cut, and each time the program must end well. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProcess } from "../../examples/process/ready-process.ts";
import { createHeldUpstream, wholeStream } from "./held-upstream.ts";
import { openStream, openStreams, type StreamCaller } from "./stream-callers.ts";

export interface StopCounts {
  readonly rounds: number;
  readonly streams: number;
  /** Streams that did not come to their end with every byte. */
  readonly cut: number;
  /** New calls after the signal that were not served, or, by a gateway, not refused. */
  readonly refused: number;
  readonly badExits: number;
}

const main = join(import.meta.dirname, "../../proxy/main.ts");

/** Every other round is one of a gateway. */
export async function stops(rounds: number, streams: number): Promise<StopCounts> {
  let [cut, refused, badExits] = [0, 0, 0];
  for (let at = 0; at < rounds; at += 1) {
    const round = await stopOnce(streams, at % 2 === 1);
    cut += round.cut;
    refused += round.refused;
    badExits += round.exitCode === 0 ? 0 : 1;
    process.stderr.write(`stop ${at + 1}/${rounds}: ${round.cut} cut, exit ${round.exitCode}\n`);
  }
  return { rounds, streams, cut, refused, badExits };
}

interface Round {
  readonly cut: number;
  readonly refused: number;
  readonly exitCode: number | null;
}

async function stopOnce(streams: number, isGateway: boolean): Promise<Round> {
  const upstream = await createHeldUpstream();
  const folder = await mkdtemp(join(tmpdir(), "sidestep-stops-"));
  const policy = join(folder, "policy.yaml");
  const provider = `providers: { openai: { url: "${upstream.url}/v1" } }`;
  await writeFile(policy, `version: 1\nmodel: null\n${provider}\nlimits: { connections: 20000 }\n`);
  const listeners = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--grace", "60s"];
  const more = isGateway ? ["--gateway"] : [];
  const sidecar = await startProcess({
    name: "the sidecar",
    args: [main, "run", "--policy", policy, ...listeners, ...more],
    environment: { SIDESTEP_LOG_LEVEL: "error" },
  });
  const url = String(sidecar.ready["listen"]);
  const opened = await openStreams(url, streams);
  const stopped = sidecar.stop(90_000);
  const late = await openedLate(url, isGateway);
  upstream.finish();
  const seen = await Promise.all([...opened, ...late.callers].map(({ ended }) => ended));
  const exitCode = await stopped;
  await upstream.close();
  await rm(folder, { recursive: true, force: true });
  const cut = seen.filter(({ text, isWhole }) => !isWhole || text !== wholeStream).length;
  return { cut, refused: late.wrong, exitCode };
}

interface Late {
  readonly callers: readonly StreamCaller[];
  readonly wrong: number;
}

/** Calls after which a gateway must have heard of the signal. */
const mostLate = 1000;

/** A sidecar serves new calls after the signal; a gateway refuses them once it has heard of it. */
async function openedLate(url: string, isGateway: boolean): Promise<Late> {
  const callers: StreamCaller[] = [];
  try {
    const wanted = isGateway ? mostLate : 1;
    while (callers.length < wanted) callers.push(await openStream(url));
    return { callers, wrong: isGateway ? 1 : 0 };
  } catch {
    return { callers, wrong: isGateway ? 0 : 1 };
  }
}
