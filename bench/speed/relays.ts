/** The ways for a JSON call, started and warmed once for the parts that compare them in a row. */
import {
  bareRelay,
  direct,
  directName,
  litellmProxy,
  nginx,
  nginxName,
  portkeyGateway,
  sidestep,
  workingRelay,
  type Running,
} from "./contenders.ts";
import { startFixedUpstream } from "./nginx.ts";
import { startAll, type Stage } from "./stage.ts";
import { chatCall, chatReply } from "./traffic.ts";
import { warmUp } from "./warm-up.ts";
import { runWrk, type WrkResult } from "./wrk.ts";

/** What the parts call their common rig. */
export const relaysRig = "relays";

/** A way that is as fast as it gets. */
export interface WarmRelay extends Running {
  /** Calls a second at the most connections of the bench. */
  readonly capacity: number;
}

/** Connections in the warm-up: whoever is warm with the most is warm for fewer. */
export const mostConnections = 32;

/** Nothing there is compiled while it runs, so that one load tells all. */
const compiled: ReadonlySet<string> = new Set([directName, nginxName]);

const started = new WeakMap<Stage, Promise<readonly WarmRelay[]>>();

/** The same processes for every part of a stage; the bench stops them after the last part of the rig. */
export function warmRelays(stage: Stage): Promise<readonly WarmRelay[]> {
  const known = started.get(stage);
  if (known !== undefined) return known;
  const starting = start(stage);
  started.set(stage, starting);
  return starting;
}

async function start(stage: Stage): Promise<readonly WarmRelay[]> {
  const { processes, folder, cores } = stage;
  const upstream = await startFixedUpstream({ processes, folder, core: cores.load }, chatReply());
  const relays = [nginx, bareRelay, workingRelay, sidestep(), portkeyGateway, litellmProxy];
  const running = await startAll(stage, [direct, ...relays], upstream.url);
  const warm: WarmRelay[] = [];
  for (const one of running) {
    const capacity = await capacityOf(stage, one);
    stage.tell(`warm: ${one.name} ${Math.round(capacity)}/s`);
    warm.push({ ...one, capacity });
  }
  return warm;
}

async function capacityOf(stage: Stage, one: Running): Promise<number> {
  const { settings } = stage;
  const load = (seconds: number): Promise<WrkResult> =>
    loadOf(stage, one, { connections: mostConnections, seconds });
  if (!compiled.has(one.name)) return warmUp(settings, load);
  const { done, seconds } = await load(settings.warmSeconds);
  return done / seconds;
}

/** A closed loop of the usual call. */
export function loadOf(
  { folder, cores }: Stage,
  { endpoint }: Running,
  size: { readonly connections: number; readonly seconds: number },
): Promise<WrkResult> {
  const bodies = [chatCall()];
  return runWrk({ target: endpoint, bodies, ...size }, { folder, core: cores.load });
}
