/** Finds the gateways that Sidestep is compared with, where `npm run bench:peers` put them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as v from "valibot";

const root = join(import.meta.dirname, "../..");

/** The folder of the peers; `SIDESTEP_BENCH_PEERS` names another one. */
export const peersFolder: string = resolve(
  process.env["SIDESTEP_BENCH_PEERS"] ?? join(root, "node_modules/.cache/peers"),
);

/** A gateway's package and where its parts are. */
interface Peer {
  readonly package: string;
  readonly folder: string;
  readonly program: string;
}

/** Portkey's gateway, as npm has it. */
export const portkey: Peer = {
  package: "@portkey-ai/gateway",
  folder: join(peersFolder, "portkey"),
  program: join(peersFolder, "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"),
};

/** LiteLLM's proxy, in a virtual environment of Python. */
export const litellm: Peer = {
  package: "litellm[proxy]",
  folder: join(peersFolder, "litellm"),
  program: join(peersFolder, "litellm/bin/litellm"),
};

const manifestSchema = v.object({ version: v.string() });

/** Its version; null when it is not there. */
export function portkeyVersion(): string | null {
  if (!existsSync(portkey.program)) return null;
  return v.parse(
    manifestSchema,
    JSON.parse(readFileSync(join(portkey.program, "../../package.json"), "utf8")),
  ).version;
}

/** Its version; null when it is not there. Asking the program itself takes seconds. */
export function litellmVersion(): string | null {
  if (!existsSync(litellm.program)) return null;
  const library = join(litellm.folder, "lib");
  const packages = readdirSync(library).flatMap((python) =>
    readdirSync(join(library, python, "site-packages")),
  );
  const found = packages.flatMap((name) => /^litellm-([\d.]+)\.dist-info$/u.exec(name)?.[1] ?? []);
  return found[0] ?? "of unknown version";
}
