/** `npm run bench:peers`: fetches the gateways that Sidestep is compared with from their published packages. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { litellm, peersFolder, portkey } from "./peers.ts";

/** With any later one every streamed call ends with status 500: it hands on the fetched headers, which are immutable. */
const portkeyOverrides = { "@hono/node-server": "1.13.8" };

const fetched: readonly { readonly name: string; readonly fetch: () => Promise<void> }[] = [
  { name: portkey.package, fetch: fetchPortkey },
  { name: litellm.package, fetch: fetchLitellm },
];

for (const { name, fetch } of fetched) {
  try {
    await fetch();
    process.stdout.write(`${name} is in ${peersFolder}\n`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${name} is left out of the comparison: ${reason}\n`);
    process.exitCode = 1;
  }
}

async function fetchPortkey(): Promise<void> {
  mkdirSync(portkey.folder, { recursive: true });
  const manifest = { private: true, overrides: portkeyOverrides };
  writeFileSync(join(portkey.folder, "package.json"), JSON.stringify(manifest));
  await run("npm", ["install", "--prefix", portkey.folder, "--no-audit", portkey.package]);
}

async function fetchLitellm(): Promise<void> {
  mkdirSync(peersFolder, { recursive: true });
  await run("python3", ["-m", "venv", litellm.folder]);
  await run(join(litellm.folder, "bin/pip"), ["install", "--quiet", litellm.package]);
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, [...args], { stdio: ["ignore", "inherit", "inherit"] });
  const [code]: unknown[] = await once(child, "close");
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}`);
}
