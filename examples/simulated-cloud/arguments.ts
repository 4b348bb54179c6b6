/** The command line of the simulated cloud: flags to options, and the text of `--help`. */

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readAnswers } from "./answer-book.ts";
import { readFaults } from "./fault.ts";
import { parseJson } from "./json.ts";
import type { SimulatedCloudOptions } from "./settings.ts";

export const HELP = `Usage: node examples/simulated-cloud/main.ts [options]

A scripted provider that speaks OpenAI Chat Completions, Responses, embeddings and models and
Anthropic Messages, in JSON and server-sent events, for demos, tests and benchmarks. Needs no key.

  --listen HOST:PORT        where to listen; port 0 picks a free one   [127.0.0.1:0]
  --ttft DURATION           time to the first token, as 150ms or 1.5s  [150ms]
  --tokens-per-second N     speed of generation, 0 for no delay        [80]
  --jitter SHARE            vary each latency by this share, 0 to 1    [0]
  --seed N                  decides identifiers, wording and jitter    [1]
  --require-key             answer 401 to calls without a key
  --compress                compress replies for callers that accept gzip
  --answers FILE            JSON {"answers": [{"text", "user"?, "answer"}]}
  --faults FILE             JSON {"faults": [{"kind", "match"?, "skip"?, "times"?, ...}]}
  --until-stdin-ends        stop when standard input ends
  --help

Prints {"event":"ready","url":"http://..."} on standard output when it listens.

Control, JSON over HTTP:
  GET POST DELETE /_control/answers     what to answer to which last user turn
  GET POST DELETE /_control/faults      kinds: refuse, reset, truncate, stall, trickle, status,
                                        error_event, garbage
  GET DELETE      /_control/requests    what was seen: method, url, raw headers, body sha256
  GET POST        /_control/settings    ttftMs, tokensPerSecond, jitter, requireKey, compress

Exit codes: 0 stopped by a signal, 1 could not listen, 2 wrong use.
`;

export interface CommandLine {
  readonly help: boolean;
  readonly untilStdinEnds: boolean;
  readonly options: SimulatedCloudOptions;
}

/** Throws TypeError for wrong use and the file system's errors for files. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      listen: { type: "string", default: "127.0.0.1:0" },
      ttft: { type: "string", default: "150ms" },
      "tokens-per-second": { type: "string", default: "80" },
      jitter: { type: "string", default: "0" },
      seed: { type: "string", default: "1" },
      "require-key": { type: "boolean", default: false },
      compress: { type: "boolean", default: false },
      answers: { type: "string" },
      faults: { type: "string" },
      "until-stdin-ends": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const options: SimulatedCloudOptions = {
    ...readAddress(values.listen),
    ttftMs: readDuration(values.ttft),
    tokensPerSecond: readAmount("tokens-per-second", values["tokens-per-second"]),
    jitter: readAmount("jitter", values.jitter),
    seed: readAmount("seed", values.seed),
    requireKey: values["require-key"],
    compress: values.compress,
    ...(values.answers === undefined ? {} : { answers: readAnswers(readJson(values.answers)) }),
    ...(values.faults === undefined ? {} : { faults: readFaults(readJson(values.faults)) }),
  };
  return { help: values.help, untilStdinEnds: values["until-stdin-ends"], options };
}

/** `150ms`, `1.5s`, `2m` or a bare number of milliseconds; in milliseconds. */
function readDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/u.exec(text);
  if (match === null) throw new TypeError(`"${text}" is no duration such as 150ms or 1.5s`);
  const scale = { ms: 1, s: 1000, m: 60_000 }[match[2] ?? "ms"] ?? 1;
  return Number(match[1]) * scale;
}

function readAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[(.+)\]|([^:]+)):(\d+)$/u.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) throw new TypeError(`"${text}" is no HOST:PORT`);
  return { host, port };
}

function readAmount(name: string, text: string): number {
  const amount = Number(text);
  if (text.trim() === "" || !Number.isFinite(amount) || amount < 0) {
    throw new TypeError(`--${name} "${text}" is no number`);
  }
  return amount;
}

function readJson(file: string): unknown {
  return parseJson(readFileSync(file, "utf8"));
}
