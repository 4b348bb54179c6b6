/** `sidestep healthcheck`: asks a listener for readiness, for images without curl. */
import { request } from "undici";
import { exitCodes, type Command } from "./command.ts";
import { isOn, readFlags, valueOf, type Flag } from "./flags.ts";

const flags: Readonly<Record<string, Flag>> = {
  url: { kind: "string" },
  help: { kind: "boolean" },
};

const help = `sidestep healthcheck: exits 0 when the sidecar is ready, else 1

  --url URL   what to ask (default: http://127.0.0.1:4001/readyz)
  --help      this text`;

/** The command. */
export const healthcheck: Command = {
  name: "healthcheck",
  summary: "ask whether a sidecar is ready",
  help,
  run: async (args, terminal) => {
    const given = readFlags(args, flags, {});
    if (isOn(given, "help")) {
      terminal.out(help);
      return exitCodes.ok;
    }
    const url = valueOf(given, "url") ?? "http://127.0.0.1:4001/readyz";
    try {
      const reply = await request(url, { headersTimeout: 2000, bodyTimeout: 2000 });
      await reply.body.dump();
      if (reply.statusCode === 200) return exitCodes.ok;
      terminal.err(`${url} answered ${reply.statusCode}`);
    } catch (fault) {
      terminal.err(`${url}: ${fault instanceof Error ? fault.message : String(fault)}`);
    }
    return exitCodes.failed;
  },
};
