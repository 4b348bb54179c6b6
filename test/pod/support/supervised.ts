/** One container of a pod over all of its runs: started, probed, restarted and stopped as the kubelet does. */
import { setTimeout as delay } from "node:timers/promises";
import { startContainer, type Container } from "../../image/support/runtime.ts";
import type { Wanted } from "../../image/support/spec.ts";
import { eventually } from "../../support/sidecar.ts";
import type { ContainerShape, ProbeShape } from "./pod-shape.ts";

/** When a container that has ended is started again. */
export type Restart = "Always" | "OnFailure" | "Never";

/** Something that happened to a container. */
export type Happening = "started" | "ready" | `ended ${number}` | "told to stop" | "killed";

/** The kubelet waits longer, ten seconds and then more; the rig's tests are about what comes after. */
const BACKOFF_MS = 100;

/** What it needs to know. */
export interface Supervision {
  readonly shape: ContainerShape;
  readonly wanted: Wanted;
  readonly restart: Restart;
  /** The pod's address, for its probes. */
  readonly address: string;
  readonly tell: (happening: Happening) => void;
}

/** A container that is kept running. */
export class Supervised {
  readonly #given: Supervision;
  readonly #ended = Promise.withResolvers<number>();
  #current: Container;
  #isStopping = false;
  #earlier = "";
  restarts = 0;

  constructor(given: Supervision) {
    this.#given = given;
    this.#current = this.#start();
  }

  get name(): string {
    return this.#given.shape.name;
  }

  /** The run that is under way, or the last one. */
  get container(): Container {
    return this.#current;
  }

  /** Everything that it has written to standard output, over all runs. */
  get out(): string {
    return this.#earlier + this.#current.out();
  }

  /** Resolves to the exit code of the last run, when there will be no other. */
  get ended(): Promise<number> {
    return this.#ended.promise;
  }

  #start(): Container {
    const { wanted, tell } = this.#given;
    const container = startContainer(wanted);
    tell("started");
    void container.ended.then((code) => this.#settle(container, code));
    return container;
  }

  async #settle(container: Container, code: number): Promise<void> {
    const { restart, tell } = this.#given;
    tell(`ended ${code}`);
    await container.remove();
    const isAgain = restart === "Always" || (restart === "OnFailure" && code !== 0);
    if (!isAgain || this.#isStopping) {
      this.#ended.resolve(code);
      return;
    }
    await delay(BACKOFF_MS);
    if (this.#isStopping) {
      this.#ended.resolve(code);
      return;
    }
    this.#earlier += container.out();
    this.restarts += 1;
    this.#current = this.#start();
    // A run that does not come up ends, and is then followed by another.
    void this.begun().catch(() => undefined);
  }

  /** Resolves when the hook after its start has run and its startup probe has passed. */
  async begun(): Promise<void> {
    const { shape, tell } = this.#given;
    const { postStart } = shape.lifecycle;
    if (postStart !== undefined) await this.#hook(postStart.exec.command);
    if (shape.startupProbe !== undefined) await this.#passed(shape.startupProbe);
    tell("ready");
    if (shape.livenessProbe !== undefined) void this.#watch(shape.livenessProbe, this.#current);
  }

  /** A container may not be there yet when its hook is. */
  async #hook(command: readonly string[]): Promise<void> {
    const ran = await eventually(async () => {
      const each = await this.#current.exec(...command);
      return each.err.includes("does not exist") || each.err.includes("not running") ? null : each;
    });
    if (ran.code !== 0) throw new Error(`a hook of ${this.name} failed: ${ran.err}`);
  }

  async #passed(probe: ProbeShape): Promise<void> {
    for (let failures = 0; !(await this.#isWell(probe)); failures += 1) {
      if (failures >= probe.failureThreshold) throw new Error(`${this.name} did not start up`);
      await delay(probe.periodSeconds * 100);
    }
  }

  async #watch(probe: ProbeShape, container: Container): Promise<void> {
    for (let failures = 0; container.isRunning() && !this.#isStopping;) {
      await delay(probe.periodSeconds * 1000, undefined, { ref: false });
      failures = (await this.#isWell(probe)) ? 0 : failures + 1;
      if (failures < probe.failureThreshold || !container.isRunning()) continue;
      this.#given.tell("killed");
      container.kill("SIGKILL");
    }
  }

  async #isWell({ httpGet, timeoutSeconds }: ProbeShape): Promise<boolean> {
    const { shape, address } = this.#given;
    const named = shape.ports.find(({ name }) => name === httpGet.port);
    const port = named?.containerPort ?? httpGet.port;
    try {
      const signal = AbortSignal.timeout(timeoutSeconds * 1000);
      return (await fetch(`http://${address}:${port}${httpGet.path}`, { signal })).ok;
    } catch {
      return false;
    }
  }

  /** Runs its hook before stopping, tells it to stop, and kills it when the time is over. */
  async stop(untilMs: number): Promise<void> {
    this.#isStopping = true;
    const container = this.#current;
    if (!container.isRunning()) return;
    const over = new AbortController();
    const leftMs = Math.max(0, untilMs - performance.now());
    const timeUp = delay(leftMs, undefined, { signal: over.signal, ref: false }).catch(() => null);
    const { preStop } = this.#given.shape.lifecycle;
    if (preStop !== undefined) {
      await Promise.race([container.exec(...preStop.exec.command), timeUp, container.ended]);
    }
    if (container.isRunning()) {
      this.#given.tell("told to stop");
      container.kill("SIGTERM");
    }
    await Promise.race([container.ended, timeUp]);
    over.abort();
    if (container.isRunning()) {
      this.#given.tell("killed");
      container.kill("SIGKILL");
    }
    await this.ended;
  }
}
