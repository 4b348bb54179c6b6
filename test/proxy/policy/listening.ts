/** A policy watch under test, with all that it said. */
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Problem } from "../../../proxy/policy/problem.ts";
import {
  createPolicyWatch,
  type GoodPolicy,
  type PolicyWatch,
  type WatchOptions,
} from "../../../proxy/policy/watch.ts";
import { folderWith } from "./fixture.ts";

/** A watch and all that it said, with a way to wait for a certain state. */
export class Listening {
  readonly queues: number[] = [];
  readonly reports: (readonly Problem[])[] = [];
  readonly watch: PolicyWatch;
  readonly #said = new EventEmitter();

  constructor(options: Pick<WatchOptions, "path"> & Partial<WatchOptions>) {
    this.watch = createPolicyWatch({
      env: {},
      quietMs: 20,
      pollMs: 60,
      onChange: ({ policy: next }: GoodPolicy) => {
        this.queues.push(next.limits.queue);
        this.#said.emit("said");
      },
      onProblems: (problems) => {
        this.reports.push(problems);
        this.#said.emit("said");
      },
      ...options,
    });
    onTestFinished(() => this.watch.close());
  }

  /** Resolves once `holds`; the test's own time limit ends a wait in vain. */
  async until(holds: (listening: this) => boolean): Promise<void> {
    while (!holds(this)) await once(this.#said, "said");
  }

  /** Resolves once the policy with this queue was the last to be handed over. */
  queue(length: number): Promise<void> {
    return this.until(({ queues }) => queues.at(-1) === length);
  }
}

/** A watch of the folder that holds these files, on its policy.yaml. */
export function listenTo(files: Readonly<Record<string, string>>): Listening & { folder: string } {
  const folder = folderWith(files);
  const listening = new Listening({ path: join(folder, "policy.yaml") });
  return Object.assign(listening, { folder });
}
