/** What the demo reads from the sidecar's admin listener: a call's cost, breakers, the policy in force. */

import { setTimeout as sleep } from "node:timers/promises";
import { isObject, numberOf, objectsOf, stringOf } from "../simulated-cloud/json.ts";
import type { JsonObject } from "../simulated-cloud/json.ts";

export interface Admin {
  /** What a call cost by its record, USD; null when the record does not come or names no price. */
  readonly costOf: (requestId: string) => Promise<number | null>;
  /** Name and state of every breaker that has seen a call. */
  readonly breakers: () => Promise<ReadonlyMap<string, string>>;
  /** The policy page as it stands. */
  readonly policy: () => Promise<string>;
}

const ATTEMPTS = 20;
const PAUSE_MS = 25;

export function adminAt(url: string): Admin {
  return {
    costOf: (requestId) => costOf(url, requestId),
    breakers: () => breakers(url),
    policy: async () => (await fetch(`${url}/policy`)).text(),
  };
}

async function costOf(url: string, requestId: string): Promise<number | null> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const page = await read(`${url}/decisions?id=${encodeURIComponent(requestId)}`);
    const record = objectsOf(page["decisions"])[0];
    if (record !== undefined) return numberOf(record["costUsd"]) ?? null;
    // A streamed call's record is there only when its last byte has passed.
    await sleep(PAUSE_MS);
  }
  return null;
}

async function breakers(url: string): Promise<ReadonlyMap<string, string>> {
  const page = await read(`${url}/targets`);
  return new Map(
    objectsOf(page["targets"]).map((target) => [
      stringOf(target["name"]) ?? "",
      stringOf(target["state"]) ?? "",
    ]),
  );
}

async function read(url: string): Promise<JsonObject> {
  const value: unknown = await (await fetch(url)).json();
  return isObject(value) ? value : {};
}
