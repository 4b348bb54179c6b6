/** Changes the policy now and again while the soak goes on: a word here, a new file there, sometimes a mistake. */

import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface Reloads {
  /** Changes so far. */
  readonly count: () => number;
  readonly stop: () => Promise<void>;
}

/** Begins to change the policy in `folder`. */
export function startReloads(folder: string, everyMs: number): Reloads {
  const halt = new AbortController();
  let count = 0;
  const run = async (): Promise<void> => {
    const original = await readFile(join(folder, "policy.yaml"), "utf8");
    for (;;) {
      try {
        await pause(everyMs, undefined, { signal: halt.signal });
      } catch {
        return;
      }
      count += 1;
      await change(folder, original, count);
    }
  };
  const running = run();
  return {
    count: () => count,
    stop: async () => {
      halt.abort();
      await running;
    },
  };
}

/** Of every four changes one adds a route, one is a mistake, one mends it, and one takes the route away. */
async function change(folder: string, original: string, count: number): Promise<void> {
  const policy = join(folder, "policy.yaml");
  const extra = join(folder, "90-extra.yaml");
  switch (count % 4) {
    case 1:
      await replaced(extra, `deny: [{ header: { x-soak-round: "${count}" } }]\n`);
      return;
    case 2:
      await replaced(policy, `${original}rotues: []\n`);
      return;
    case 3:
      await replaced(policy, `${original}# changed ${count} times\n`);
      return;
    default:
      await rm(extra, { force: true });
  }
}

async function replaced(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
