/** The real program between a fuzz's bytes and its upstream, and what must hold of it whatever came. */
import { strict as assert } from "node:assert";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { startSidecar, type Sidecar } from "../support/sidecar.ts";
import { piecesAt } from "./mutation.ts";

/** Far longer than anything takes: what is not over by then hangs. */
const hangMs = 60_000;

/** The program for a fuzz. */
export interface Stage {
  readonly sidecar: Sidecar;
  readonly port: number;
  /** Writes the bytes in pieces and closes this half; everything that came back when the other half is closed. */
  exchange(bytes: Buffer, cuts?: readonly number[]): Promise<Buffer>;
  /** Throws unless the program lives, has contained no fault and logged no stray one. */
  check(): Promise<void>;
}

/** Starts it with a policy that looks at everything and answers nothing. */
export async function startStage(upstreamPort: number): Promise<Stage> {
  const sidecar = await startSidecar({
    policy: policyFor(upstreamPort),
    env: { SIDESTEP_LOG_LEVEL: "error" },
  });
  const port = Number(new URL(sidecar.url).port);
  return {
    sidecar,
    port,
    exchange: (bytes, cuts = []) => exchanged(sidecar, port, piecesAt(bytes, cuts)),
    check: () => checked(sidecar),
  };
}

function policyFor(port: number): string {
  return `version: 1
model: null
providers:
  openai: { url: "http://127.0.0.1:${port}/v1", breaker: { min_requests: 1000000 } }
  anthropic: { url: "http://127.0.0.1:${port}", breaker: { min_requests: 1000000 } }
targets:
  - { name: other, provider: openai, model: other-model, params: { temperature: 0 } }
complexity: { keywords: { people: [manager, "speak to a human", 担当者] } }
deny: [{ header: { x-deny: "*" } }]
cache: { mode: exact, scope: global, ttl: 1ms }
routes:
  - { name: words, when: { text: '\\\\b(refund|返金)\\\\b', turns: ">= 50" }, forward: {} }
  - { name: keywords, when: { keywords: people, complexity: "> 2" }, forward: {} }
  - { name: language, when: { language: [ja, de], length: ">= 100000" }, forward: {} }
  - { name: target, when: { header: { x-target: "*" } }, forward: { target: other } }
`.replace('complexity: "> 2"', 'complexity: "> 0.99"');
}

async function exchanged(
  sidecar: Sidecar,
  port: number,
  pieces: readonly Buffer[],
): Promise<Buffer> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk)).on("error", () => undefined);
  const closed = once(socket, "close").then(() => true);
  // Its end is its answer; our own half may be broken long before.
  socket.on("end", () => socket.destroy());
  for (const piece of pieces) {
    if (socket.destroyed) break;
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (!socket.destroyed) socket.end();
  const isOver = await Promise.race([closed, pause(hangMs, false, { ref: false })]);
  socket.destroy();
  assert.ok(isOver, "neither answered nor closed");
  assert.equal(sidecar.process.exitCode, null, `the program has ended:\n${sidecar.log()}`);
  assert.equal(sidecar.process.signalCode, null, `the program has crashed:\n${sidecar.log()}`);
  return Buffer.concat(chunks);
}

async function checked(sidecar: Sidecar): Promise<void> {
  const metrics = await (await fetch(`${sidecar.admin}/metrics`)).text();
  assert.doesNotMatch(metrics, /^sidestep_faults_total\{[^}]*\} [1-9]/mu, sidecar.log());
  assert.doesNotMatch(sidecar.log(), /stray_fault|"event":"fault"/u);
}
