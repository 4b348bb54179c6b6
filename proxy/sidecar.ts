/** One running sidecar: the generation in force, its listeners, and what changes it; `run` and `explain` begin here. */
import {
  bareGeneration,
  beginMetrics,
  modelNameOf,
  nextGeneration,
  stoppedGeneration,
  type Generation,
} from "./assemble.ts";
import { closeGround, useInGround, type Ground } from "./ground.ts";
import { exitCodes, UsageError, type Terminal } from "./cli/command.ts";
import type { Explained, Explainer } from "./cli/explain.ts";
import { StartFailed, type RunOptions, type Running } from "./cli/run.ts";
import type { Mode, Policy } from "./core/policy.ts";
import { RetiredModels } from "./inference/retired-models.ts";
import { Revival } from "./inference/revival.ts";
import type { Explanation } from "./layers/explain.ts";
import { questionAsCall, type Question } from "./layers/question.ts";
import type { Problem } from "./policy/problem.ts";
import {
  createPolicyWatch,
  type GoodPolicy,
  type PolicyWatch,
  type Refused,
} from "./policy/watch.ts";
import { dataAddresses, parseAddress, urlOf } from "./server/address.ts";
import { adminDesk } from "./server/admin-desk.ts";
import { createAdminServer } from "./server/admin.ts";
import { drain } from "./server/drain.ts";
import { createHealthServer } from "./server/health.ts";
import { createDataServer, type DataServer } from "./server/listen.ts";
import { tellLoaded, tellRefused } from "./server/policy-news.ts";
import type { InForce } from "./server/policy-page.ts";
import type { ProbeParts } from "./server/probes.ts";
import type { SmallServer } from "./server/small-server.ts";
import type { MetricsExport } from "./telemetry/metrics-export.ts";
import {
  firstGround,
  firstPolicy,
  goodPolicy,
  groundFor,
  pathsOf,
  type FirstPolicy,
} from "./start.ts";

/** The ready line waits this long for the model; calls are forwarded meanwhile. */
const modelWaitMs = 60_000;

type Options = RunOptions & { readonly path: readonly string[] };

/** Starts a sidecar. Rejects with StartFailed when the policy is invalid, or an address or a named file cannot be had. */
export async function startSidecar(options: RunOptions): Promise<Running> {
  const path = pathsOf(options.policy);
  const first = await firstPolicy(path, options);
  const { policy } = first.loaded;
  const ground = await firstGround(options, policy);
  const sidecar = new Sidecar(ground, { ...options, path }, bareGeneration(ground, policy));
  try {
    await sidecar.start(first);
  } catch (fault) {
    await sidecar.close();
    if (!(fault instanceof Error)) throw fault;
    // An address that is taken is the machine's state, not a mistake in a flag.
    const isTaken = "syscall" in fault;
    throw new StartFailed([fault.message], isTaken ? exitCodes.failed : exitCodes.invalid);
  }
  return sidecar;
}

/** Loads a policy and its model for `explain`; nothing listens and nothing is sent. */
export async function createExplainer(
  { policy, state }: Explained,
  terminal: Terminal,
): Promise<Explainer> {
  const loaded = await goodPolicy(pathsOf(policy), terminal.env);
  const env = { ...terminal.env, SIDESTEP_LOG_LEVEL: "error" };
  const ground = await groundFor({ env, caFiles: [], state }, loaded.policy);
  const bare = bareGeneration(ground, loaded.policy);
  const generation = await nextGeneration(ground, loaded.policy, bare);
  ground.generators.use(loaded.policy);
  await ground.generators.settled();
  return {
    explain: async (asked) => {
      const told = await explained(generation, asked);
      if (told === null) throw new UsageError("the body is no readable request of its protocol");
      return told;
    },
    close: async () => {
      await generation.classifier?.close();
      await closeGround(ground);
    },
  };
}

async function explained(given: Generation, asked: Question): Promise<Explanation | null> {
  const call = questionAsCall(asked, given.live.snapshot);
  return call === null ? null : given.explain(call);
}

/** What `run` drains and closes. */
class Sidecar implements Running {
  readonly #ground: Ground;
  readonly #options: Options;
  #generation: Generation;
  /** What is in force, as it was read. */
  #loaded: GoodPolicy | null = null;
  #problems: readonly Problem[] = [];
  #isDraining = false;
  #data: DataServer | null = null;
  #small: SmallServer[] = [];
  #watch: PolicyWatch | null = null;
  #export: MetricsExport | null = null;
  readonly #retired = new RetiredModels();
  readonly #revival = new Revival(() => this.#revive());
  #taking: Promise<void> = Promise.resolve();

  constructor(ground: Ground, options: Options, generation: Generation) {
    this.#ground = ground;
    this.#options = options;
    this.#generation = generation;
  }

  get listen(): string {
    return urlOf(this.#data?.addresses[0]);
  }

  get admin(): string {
    return urlOf(this.#small[0]?.address);
  }

  get health(): string | null {
    const address = this.#small[1]?.address;
    return address === undefined ? null : urlOf(address);
  }

  /** Serves at once, forwarding; answers as soon as the model is there and the intents are fitted. */
  async start({ loaded, isNamed }: FirstPolicy): Promise<void> {
    this.#export = await beginMetrics(this.#ground, this.#options.env, () => this.#generation);
    this.#ground.history.loaded(loaded);
    this.#ground.audit.use(loaded.policy.audit);
    await this.#bind();
    const waited = Promise.withResolvers<void>();
    const timer = setTimeout(waited.resolve, modelWaitMs);
    // A model that does not load is tried again while calls are forwarded.
    this.#generation.classifier?.onChange(({ status }) => {
      if (status === "failed") waited.resolve();
    });
    const whole = this.#takeUp(loaded).then(() => this.#ground.generators.settled());
    await Promise.race([whole, waited.promise]);
    clearTimeout(timer);
    this.#watch = createPolicyWatch({
      path: this.#options.path,
      env: this.#options.env,
      needsCallers: this.#options.isGateway,
      // What is in force beside an invalid policy is not what these files say.
      ...(isNamed ? { current: loaded } : {}),
      onChange: (next) => this.#takeUp(next),
      onProblems: (problems, refused) => this.#refuse(problems, refused),
    });
  }

  ready(): void {
    this.#ground.audit.ready();
  }

  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    this.#watch?.close();
    const acceptsNew = !this.#options.isGateway;
    if (this.#data !== null)
      await drain(this.#data, { graceMs, quietMs: this.#options.quietMs, acceptsNew });
  }

  async close(): Promise<void> {
    this.#watch?.close();
    this.#revival.close();
    await Promise.all([this.#data?.close(), ...this.#small.map((server) => server.close())]);
    await Promise.all([this.#generation.classifier?.close(), this.#retired.close()]);
    await this.#export?.close();
    await closeGround(this.#ground);
  }

  async #bind(): Promise<void> {
    const { listen, admin, health, warn } = this.#options;
    const faults = this.#ground.recorder;
    this.#data = await createDataServer({
      addresses: dataAddresses(listen),
      current: () => this.#generation.live,
      faults,
      warn,
      turnedAway: this.#ground.turnedAway,
      isMemoryLow: () => this.#ground.memory.isLow,
    });
    this.#ground.collectIdle(this.#data);
    const probes = this.#probes();
    const pages = { ...probes, ...this.#pages(), address: parseAddress(admin), faults };
    this.#small.push(await createAdminServer(pages));
    if (health === null) return;
    this.#small.push(
      await createHealthServer({ ...probes, address: parseAddress(health), faults }),
    );
  }

  #probes(): ProbeParts {
    const { metrics } = this.#ground;
    metrics.watch({ activity: () => this.#data?.counts() ?? null });
    return {
      isReady: () => !this.#isDraining,
      metrics: (accept) => metrics.page(accept),
    };
  }

  #pages() {
    const { env, path, isGateway: needsCallers } = this.#options;
    const now = (): InForce => this.#inForce();
    return {
      ...adminDesk({ ...this.#ground, source: { env, path, needsCallers }, now }),
      explain: (question: Question) => explained(this.#generation, question),
      mode: (): Mode => (this.#generation.live.snapshot.isStopped ? "observe" : this.#policy.mode),
      setMode: (mode: Mode): void => this.#stop(mode === "observe"),
    };
  }

  get #policy(): Policy {
    return this.#generation.policy;
  }

  #inForce(): InForce {
    const { policy, live, loadedAt, classifier } = this.#generation;
    const { isStopped } = live.snapshot;
    const bounds = this.#data?.capacity() ?? null;
    const capacity = bounds && { ...bounds, isMemoryLow: this.#ground.memory.isLow };
    const modelState = classifier?.state ?? null;
    const generators = this.#ground.generators.states();
    const state = { isStopped, capacity, modelState, generators };
    return { policy, loadedAt, problems: this.#problems, ...state };
  }

  #stop(isStopped: boolean): void {
    this.#generation = stoppedGeneration(this.#ground, this.#generation, isStopped);
    this.#ground.metrics.stopped(isStopped);
    this.#ground.log.event("warn", "mode", { isStopped });
    this.#ground.feed.changed();
  }

  /** One after the other, so that an older policy never lands on a newer one. */
  #takeUp(loaded: GoodPolicy): Promise<void> {
    const taken = this.#taking.then(() => this.#takeUpNow(loaded));
    this.#taking = taken.catch(() => undefined);
    return taken;
  }

  /** Swaps in a new generation once it is whole; the old one's calls run on with what they took. */
  async #takeUpNow(loaded: GoodPolicy): Promise<void> {
    const { policy } = loaded;
    const before = this.#generation;
    const next = await nextGeneration(this.#ground, policy, before);
    // An operator may have pressed stop while intents were fitted.
    const { isStopped } = this.#generation.live.snapshot;
    this.#generation = stoppedGeneration(this.#ground, next, isStopped);
    this.#problems = [];
    useInGround(this.#ground, policy);
    if (before.classifier !== next.classifier) this.#retired.add(before.classifier);
    this.#loaded = loaded;
    this.#revival.follow(next);
    this.#ground.history.loaded(loaded);
    this.#tellLoaded();
  }

  #revive(): void {
    if (this.#loaded !== null) void this.#takeUp(this.#loaded).catch(() => undefined);
  }

  #tellLoaded(): void {
    const { revision, mode, providers } = this.#policy;
    const loaded = { revision, mode, providers: providers.keys() };
    tellLoaded(this.#ground, { ...loaded, model: modelNameOf(this.#generation) });
  }

  #refuse(problems: readonly Problem[], refused: Refused): void {
    const isMended = this.#problems.length > 0 && problems.length === 0;
    this.#problems = problems;
    // The files say again what is in force, so that there was nothing to take up.
    if (isMended) this.#tellLoaded();
    if (problems.length > 0) tellRefused(this.#ground, problems, refused);
  }
}
