/** `sidestep injector`: the webhook that puts sidecars into a cluster's pods; runs in the cluster itself. */
import { programVersion } from "../telemetry/program-version.ts";
import { exitCodes, UsageError, type Command, type Terminal } from "./command.ts";
import { durationMs, readFlags, valueOf, type Flag, type Flags } from "./flags.ts";
import { watchSignals } from "./signals.ts";
import { settingsOf, type SettingsReader } from "./settings-file.ts";

/** What the command asks for; `Settings` are what the injector makes of the operator's own. */
export interface InjectorCall<Settings> {
  readonly settings: Settings;
  readonly listen: string;
  readonly health: string;
  /** Of the Service, the webhook configurations and the Lease. */
  readonly name: string;
  /** A folder with `tls.crt` and `tls.key`; null makes certificates. */
  readonly certificate: string | null;
  readonly leafMs: number;
  readonly authorityMs: number;
  /** A ConfigMap of the injector's own namespace; null copies none. */
  readonly clusterPolicy: string | null;
  readonly policyMs: number;
  readonly excluded: readonly string[];
  /** Where Kubernetes mounts the service account. */
  readonly account: string;
  readonly env: Terminal["env"];
  readonly tell: (event: string, fields: Readonly<Record<string, string>>) => void;
}

/** A replica that runs. */
export interface RunningInjector {
  stop(lingerMs: number): Promise<void>;
}

/** The injector's part, which is loaded when it is wanted. */
export interface InjectorProgram<Settings> extends SettingsReader<Settings> {
  readonly beginInjector: (call: InjectorCall<Settings>) => Promise<RunningInjector>;
}

const flags: Readonly<Record<string, Flag>> = {
  settings: { kind: "string" },
  image: { kind: "string" },
  listen: { kind: "string" },
  health: { kind: "string" },
  name: { kind: "string" },
  certificate: { kind: "string" },
  "leaf-life": { kind: "string" },
  "authority-life": { kind: "string" },
  "cluster-policy": { kind: "string" },
  "copy-every": { kind: "string" },
  exclude: { kind: "string", isList: true },
  linger: { kind: "string" },
  account: { kind: "string" },
};

const help = `sidestep injector: the webhook that puts sidecars into pods; the chart runs it in the cluster

  --settings FILE            the operator's settings, as the chart's \`sidecar\` values hold them
  --image IMAGE              the sidecar's image (default: that of the settings, else sidestep:VERSION)
  --listen ADDRESS           where the API server calls (default: :8443)
  --health ADDRESS           /livez, /readyz and /metrics (default: :8080)
  --name NAME                of its Service, webhook configurations and Lease (default: sidestep-injector)
  --certificate DIR          serve with this tls.crt and tls.key, which somebody else renews; without it
                             the replicas make certificates of their own, in the Secret NAME-certificate
  --leaf-life DURATION       how long a certificate of its own holds (default: 24h)
  --authority-life DURATION  how long the authority that signs it holds (default: 8760h)
  --cluster-policy NAME      a ConfigMap beside the injector that is copied into namespaces with sidecars
  --copy-every DURATION      how often that is looked at (default: 15s)
  --exclude NAMESPACE        one that the webhook leaves alone; may be given more than once
  --linger DURATION          how long it still answers after SIGTERM (default: 10s)
  --account DIR              where the service account is mounted
  --help                     this text

Exit codes: 0 stopped by a signal, 1 an address cannot be had, 2 a flag or a setting is invalid.`;

/** The command. */
export function injectorCommand<S>(open: () => Promise<InjectorProgram<S>>): Command {
  return {
    name: "injector",
    summary: "run the webhook that puts sidecars into a cluster's pods",
    help,
    run: async (args, terminal) => {
      const given = readFlags(args, flags, terminal.env);
      const [stray] = given.rest;
      if (stray !== undefined) throw new UsageError(`injector takes no word "${stray}"`);
      const program = await open();
      const settings = await settingsOf(given, program, await programVersion());
      const call = callOf(given, settings, terminal);
      const lingerMs = durationMs(given, "linger", "10s");
      const stopped = watchSignals();
      const running = await program.beginInjector(call);
      await stopped.first;
      await Promise.race([running.stop(lingerMs), stopped.second]);
      return exitCodes.ok;
    },
  };
}

function callOf<S>(given: Flags, settings: S, terminal: Terminal): InjectorCall<S> {
  return {
    settings,
    listen: valueOf(given, "listen") ?? ":8443",
    health: valueOf(given, "health") ?? ":8080",
    name: valueOf(given, "name") ?? "sidestep-injector",
    certificate: valueOf(given, "certificate") ?? null,
    leafMs: durationMs(given, "leaf-life", "24h"),
    authorityMs: durationMs(given, "authority-life", "8760h"),
    clusterPolicy: valueOf(given, "cluster-policy") ?? null,
    policyMs: durationMs(given, "copy-every", "15s"),
    excluded: given.values.get("exclude") ?? [],
    account: valueOf(given, "account") ?? "/var/run/secrets/kubernetes.io/serviceaccount",
    env: terminal.env,
    tell: (event, fields) =>
      terminal.err(JSON.stringify({ time: new Date().toISOString(), event, ...fields })),
  };
}
