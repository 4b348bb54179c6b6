/** `sidestep healthcheck`: asks a listener for readiness, for images without curl. */
import { defaultAdminAddress, formatAddress, parseAddress } from "../server/address.ts";
import { exitCodes, type Command, type Terminal } from "./command.ts";
import { readFlags, valueOf, type Flag } from "./flags.ts";

/** Within the three seconds that an image's check is given. */
const timeoutMs = 2000;

const flags: Readonly<Record<string, Flag>> = {
  url: { kind: "string" },
};

const help = `sidestep healthcheck: exits 0 when the sidecar is ready, else 1

  --url URL   what to ask (default: /readyz of SIDESTEP_ADMIN, else of 127.0.0.1:4001)
  --help      this text`;

/** The command. */
export const healthcheck: Command = {
  name: "healthcheck",
  summary: "ask whether a sidecar is ready",
  help,
  run: async (args, terminal) => {
    const given = readFlags(args, flags, {});
    const url = valueOf(given, "url") ?? usualUrl(terminal.env);
    try {
      const status = await statusOf(url);
      if (status === 200) return exitCodes.ok;
      terminal.err(`${url} answered ${status}`);
    } catch (fault) {
      terminal.err(`${url}: ${fault instanceof Error ? fault.message : String(fault)}`);
    }
    return exitCodes.failed;
  },
};

async function statusOf(url: string): Promise<number> {
  // Other commands do without the client.
  const question = await import("./status-question.ts");
  return question.statusOf(url, AbortSignal.timeout(timeoutMs));
}

/** Readiness where `sidestep run` listens in the same environment: an image's check knows no flags of the run. */
function usualUrl(env: Terminal["env"]): string {
  const named = env["SIDESTEP_ADMIN"] ?? "";
  const address = named === "" ? defaultAdminAddress : parseAddress(named);
  return `http://${formatAddress(address)}/readyz`;
}
