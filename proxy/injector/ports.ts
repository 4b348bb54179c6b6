/** Finds three ports in a row that no container of the pod declares; all are below the range of outgoing connections. */
import type { Container } from "./pod.ts";

/** Where the sidecar listens. */
export interface Ports {
  readonly data: number;
  readonly admin: number;
  readonly health: number;
}

/** How many places are tried, ten ports further each time. */
const PLACES = 100;
const STEP = 10;

/** The three ports from `data` on. */
export function portsFrom(data: number): Ports {
  return { data, admin: data + 1, health: data + 2 };
}

/** The first free place from `wanted` on; null when there is none, or `isFixed` and it is taken. */
export function freePorts(
  containers: readonly Container[],
  wanted: number,
  isFixed: boolean,
): Ports | null {
  const taken = new Set(containers.flatMap(declaredBy));
  const places = Array.from({ length: isFixed ? 1 : PLACES }, (_, at) => wanted + at * STEP);
  const free = places.find((place) => [place, place + 1, place + 2].every((at) => !taken.has(at)));
  return free === undefined ? null : portsFrom(free);
}

function declaredBy({ ports }: Container): readonly (number | null | undefined)[] {
  return (ports ?? []).flatMap(({ containerPort, hostPort }) => [containerPort, hostPort]);
}
