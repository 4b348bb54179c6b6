/** An image that is built and lies in a folder, and containers of it as an engine starts them. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../support/sidecar.ts";
import { startContainer, type Container } from "./runtime.ts";
import type { Wanted } from "./spec.ts";
import { nameOf, sharedStorage, type Config, type Target } from "./storage.ts";

/** An image of ours. */
export interface Image {
  readonly config: Config;
  /** The folder with its files. */
  readonly tree: string;
}

/** Opens the image of a target, which `npm run test:image` has built. */
export function openImage(target: Target): Image {
  const tree = mkdtempSync(join(tmpdir(), `sidestep-${target}-`));
  sharedStorage.writeTree(nameOf(target), tree);
  return { config: sharedStorage.configOf(nameOf(target)), tree };
}

/** What differs from a plain start. */
export interface Start extends Partial<Pick<Wanted, "mounts" | "memoryBytes" | "uid" | "gid">> {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a container by the image's entry point; `args` stand in for its command. */
export function start({ config, tree }: Image, given: Start = {}): Container {
  const { args, env = {}, ...more } = given;
  const [uid = 0, gid = 0] = config.User.split(":").map(Number);
  return startContainer({
    tree,
    args: [...config.Entrypoint, ...(args ?? config.Cmd)],
    env: [...config.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
    uid,
    gid,
    workingFolder: config.WorkingDir,
    memoryBytes: 512 * 1024 ** 2,
    ...more,
  });
}

/** Resolves when the container has written its ready line. */
export async function isReady(container: Container): Promise<void> {
  await eventually(() => {
    if (!container.isRunning()) throw new Error(`the container ended:\n${container.log()}`);
    return container.out().includes('"event":"ready"') ? true : null;
  });
}
