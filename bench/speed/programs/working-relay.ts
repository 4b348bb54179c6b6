/** The least relay that keeps header lines as they are and does a gateway's work: reads call and reply, logs, counts, remembers. */
import { randomUUID } from "node:crypto";
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { Counter, Histogram, Registry } from "prom-client";
import { endToEnd, serveOn } from "../program.ts";

const upstream = new URL(process.argv[2] ?? "");
const agent = new Agent({ keepAlive: true, maxFreeSockets: 64, timeout: 4000 });
const remembered = 1000;

const registers = [new Registry()];
const labelNames = ["decision"];
const calls = new Counter({ name: "calls", help: "Calls.", labelNames, registers });
const times = ["overhead", "first_byte", "whole"].map(
  (name) => new Histogram({ name, help: "Seconds.", labelNames, registers }),
);
const records: object[] = [];

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => forward(request, response, Buffer.concat(chunks)));
});

function forward(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const call = { id: randomUUID(), startedMs: performance.now(), model: memberOf(body, "model") };
  const onward = httpRequest({
    host: upstream.hostname,
    port: upstream.port,
    agent,
    method: request.method,
    path: request.url,
    headers: ["Host", upstream.host, ...endToEnd(request.rawHeaders)],
  });
  onward.on("response", (reply) => relay(reply, response, call));
  onward.on("error", () => response.destroy());
  response.on("close", () => {
    if (!response.writableFinished) onward.destroy();
  });
  onward.end(body);
}

interface Call {
  readonly id: string;
  readonly startedMs: number;
  readonly model: unknown;
}

function relay(reply: IncomingMessage, response: ServerResponse, call: Call): void {
  const chunks: Buffer[] = [];
  const ours = ["x-relay-decision", "forwarded", "x-relay-request-id", call.id];
  response.sendDate = false;
  response.writeHead(reply.statusCode ?? 502, [...endToEnd(reply.rawHeaders), ...ours]);
  reply.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (response.write(chunk)) return;
    reply.pause();
    response.once("drain", () => reply.resume());
  });
  reply.on("end", () => {
    response.end();
    record(call, reply, Buffer.concat(chunks));
  });
}

function record(call: Call, { statusCode }: IncomingMessage, body: Buffer): void {
  const tookMs = performance.now() - call.startedMs;
  const at = new Date().toISOString();
  const told = { ...call, at, status: statusCode, usage: memberOf(body, "usage"), tookMs };
  records.push(told);
  if (records.length > remembered) records.splice(0, remembered / 2);
  process.stderr.write(`${JSON.stringify(told)}\n`);
  calls.inc({ decision: "forwarded" });
  for (const time of times) time.observe({ decision: "forwarded" }, tookMs / 1000);
}

function memberOf(body: Buffer, name: string): unknown {
  const value: unknown = JSON.parse(body.toString());
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : null;
}

serveOn(server, Number(process.argv[3] ?? 0));
