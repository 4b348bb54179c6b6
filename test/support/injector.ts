/** Settings and pods for tests of the injector. */
import type { ClusterFacts } from "../../proxy/injector/inject.ts";
import { readSettings, type Settings } from "../../proxy/injector/settings.ts";

/** Settings with the defaults under what is given. */
export function injectorSettings(given: Readonly<Record<string, unknown>> = {}): Settings {
  const read = readSettings({ image: "sidestep:test", ...given });
  if (!read.ok) throw new Error(read.problems.join("\n"));
  return read.settings;
}

/** A current cluster, of which no ConfigMap or Secret can be seen. */
export const currentCluster: ClusterFacts = { minor: 31, version: "test", seen: () => null };
