/** `sidestep run`: starts the sidecar, prints one ready line, drains on SIGTERM. */
import { exitCodes, UsageError, type Command, type Terminal } from "./command.ts";
import { watchSignals } from "./signals.ts";
import { durationMs, isOn, readFlags, valueOf, type Flag, type Flags } from "./flags.ts";

/** What run asks for; assemble.ts gives it. */
export interface RunOptions {
  /** Files or folders, the outermost level first; none takes the bundled default policy. */
  readonly policy: readonly string[];
  readonly listen: readonly string[];
  readonly admin: string;
  readonly health: string | null;
  /** Extra certificate authorities, PEM files. */
  readonly caFiles: readonly string[];
  /** Where embeddings and fits are kept; `off` keeps none, null takes the usual folder. */
  readonly state: string | null;
  /** Whether it stands in front of many applications: no policy without callers, and no new call once it is told to stop. */
  readonly isGateway: boolean;
  /** After the signal to stop, this long without a call ends a sidecar, in milliseconds. */
  readonly quietMs: number;
  /** Whether to forward when the policy, a named file or the proxy is invalid, instead of failing. */
  readonly startsAnyway: boolean;
  readonly env: Terminal["env"];
  readonly warn: (line: string) => void;
}

/** A sidecar that serves. */
export interface Running {
  readonly listen: string;
  readonly admin: string;
  readonly health: string | null;
  /** The ready line is out: standard output is free for the audit log. */
  ready(): void;
  /** Lets calls run to their end, `graceMs` at most. */
  drain(graceMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Raised by a start that cannot work; its lines say what to mend. */
export class StartFailed extends Error {
  readonly lines: readonly string[];
  readonly exitCode: number;

  constructor(lines: readonly string[], exitCode: number = exitCodes.invalid) {
    super(lines[0] ?? "sidestep could not start");
    this.name = "StartFailed";
    this.lines = lines;
    this.exitCode = exitCode;
  }
}

const flags: Readonly<Record<string, Flag>> = {
  policy: { kind: "string", isList: true },
  listen: { kind: "string", isList: true },
  admin: { kind: "string" },
  health: { kind: "string" },
  grace: { kind: "string" },
  quiet: { kind: "string" },
  "ca-file": { kind: "string", isList: true },
  state: { kind: "string" },
  gateway: { kind: "boolean" },
  "start-anyway": { kind: "boolean" },
};

const help = `sidestep run: starts the sidecar

  --policy FILE_OR_DIR   the policy; reloads when it changes (default: the bundled default.yaml,
                         which answers nothing and records what it would have done); given more than
                         once, each is a level inside those before it
  --listen ADDRESS       where applications call; may be given more than once
                         (default: 127.0.0.1:4000 and [::1]:4000, which 4000 alone means
                         as well; port 0 picks one)
  --admin ADDRESS        page, metrics, decisions; loopback only (default: 127.0.0.1:4001)
  --health ADDRESS       /livez, /readyz and /metrics for the cluster (default: off)
  --grace DURATION       how long open calls may run on after SIGTERM (default: 25s)
  --quiet DURATION       without a call for this long after SIGTERM, a sidecar stops (default: 3s)
  --ca-file FILE         an extra certificate authority in PEM form; may be given more than once
  --state DIR            where embeddings and fitted intents are kept, so that a restart computes none
                         anew; off keeps none (default: $XDG_CACHE_HOME/sidestep, else
                         ~/.cache/sidestep; one that cannot be written is done without)
  --start-anyway         forward by the default policy while the policy that is named is invalid or not
                         there, and without an authority file or proxy that is of no use
  --gateway              in front of many applications instead of beside one: a policy without callers is
                         invalid, and stopping refuses new connections at once
  --help                 this text

Each flag has an environment variable: --listen is SIDESTEP_LISTEN, --ca-file is SIDESTEP_CA_FILE,
with commas between several values. HTTPS_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS and OTEL_* are honoured.

When ready, one line of JSON goes to standard output:
  {"event":"ready","listen":"http://...","admin":"http://...","health":null}
Exit codes: 0 stopped as asked, 1 failed, 2 the policy or a flag is invalid.`;

/** The command, for a program that can be started by `start`. */
export function runCommand(start: (options: RunOptions) => Promise<Running>): Command {
  return {
    name: "run",
    summary: "start the sidecar",
    help,
    run: async (args, terminal) => {
      const given = readFlags(args, flags, terminal.env);
      const graceMs = durationMs(given, "grace", "25s");
      return serve(() => start(optionsOf(given, terminal)), terminal, graceMs);
    },
  };
}

function optionsOf(given: Flags, terminal: Terminal): RunOptions {
  if (given.rest.length > 0) {
    throw new UsageError(`run takes no word "${given.rest[0]}"; see sidestep run --help`);
  }
  return {
    policy: given.values.get("policy") ?? [],
    listen: given.values.get("listen") ?? [],
    admin: valueOf(given, "admin") ?? "127.0.0.1:4001",
    health: valueOf(given, "health") ?? null,
    caFiles: given.values.get("ca-file") ?? [],
    state: valueOf(given, "state") ?? null,
    isGateway: isOn(given, "gateway"),
    quietMs: durationMs(given, "quiet", "3s"),
    startsAnyway: isOn(given, "start-anyway"),
    env: terminal.env,
    warn: terminal.err,
  };
}

async function serve(
  start: () => Promise<Running>,
  terminal: Terminal,
  graceMs: number,
): Promise<number> {
  const signals = watchSignals();
  const running = await start();
  const { listen, admin, health } = running;
  terminal.out(JSON.stringify({ event: "ready", listen, admin, health }));
  running.ready();
  await signals.first;
  await Promise.race([running.drain(graceMs), signals.second]);
  await running.close();
  return exitCodes.ok;
}
