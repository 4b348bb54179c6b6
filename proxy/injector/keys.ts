/** Moves provider keys from the application into the sidecar alone; the application keeps a placeholder. */
import type { KeySource } from "./annotations.ts";
import { tell, type ContainerDraft } from "./container-draft.ts";
import { isMovable, refersToOthers } from "./environment.ts";
import type { Variable } from "./pod.ts";
import { keyVariables } from "./providers.ts";
import { providerNames, type ProviderName } from "./settings.ts";
import type { Upstreams } from "./upstreams.ts";

/** What the application sends instead; the sidecar puts the real key in its place. */
const PLACEHOLDER = "held-by-the-sidecar";

type Value = Omit<Variable, "name">;

/** A container that calls a provider through the sidecar. */
interface Caller {
  readonly draft: ContainerDraft;
  readonly provider: ProviderName;
  readonly upstream: string;
}

/** Moves what can be moved: per provider one key, since the sidecar gives every caller the same. */
export function moveKeys(
  drafts: readonly ContainerDraft[],
  named: ReadonlyMap<ProviderName, KeySource>,
  upstreams: Upstreams,
): void {
  const callers = drafts.flatMap(callersIn);
  const byUpstream = Map.groupBy(callers, ({ upstream, provider }) => `${provider} ${upstream}`);
  for (const group of byUpstream.values()) moveOne(group, named, upstreams);
}

function callersIn(draft: ContainerDraft): readonly Caller[] {
  return providerNames.flatMap((provider) => {
    const [upstream, ...more] = draft.upstreams.get(provider) ?? [];
    if (more.length > 0) tell(draft, "key_differs", keyVariables[provider]);
    return upstream === undefined || more.length > 0 ? [] : [{ draft, provider, upstream }];
  });
}

function moveOne(
  callers: readonly Caller[],
  named: ReadonlyMap<ProviderName, KeySource>,
  upstreams: Upstreams,
): void {
  const [first] = callers;
  if (first === undefined) return;
  const variable = keyVariables[first.provider];
  const source = named.get(first.provider);
  const holders =
    source === undefined ? callers.filter((each) => hasKey(each.draft, variable)) : callers;
  const value = source === undefined ? commonKey(holders, variable) : valueFromSecret(source);
  if (value === null) return;
  upstreams.giveKey(first.upstream, first.provider, value);
  for (const { draft } of holders) {
    draft.env.set(variable, PLACEHOLDER);
    tell(draft, "key_moved", variable);
  }
}

function hasKey(draft: ContainerDraft, variable: string): boolean {
  return draft.env.find(variable).kind !== "absent";
}

function valueFromSecret({ secret, key }: KeySource): Value {
  return { valueFrom: { secretKeyRef: { name: secret, key } } };
}

/** The key that all of them have; null when there is none, or they differ, or it cannot be moved. */
function commonKey(holders: readonly Caller[], variable: string): Value | null {
  const values = holders.map(({ draft }) => movableKey(draft, variable));
  const stuck = holders.filter((_, at) => values[at] === null);
  for (const { draft } of stuck) tell(draft, "key_not_movable", variable);
  const [first] = values;
  if (stuck.length > 0 || first === undefined) return null;
  const isSame = values.every((value) => JSON.stringify(value) === JSON.stringify(first));
  if (!isSame) for (const { draft } of holders) tell(draft, "key_differs", variable);
  return isSame ? first : null;
}

function movableKey(draft: ContainerDraft, variable: string): Value | null {
  const found = draft.env.find(variable);
  switch (found.kind) {
    case "absent":
      return null;
    case "value":
      return refersToOthers(found.value) ? null : { value: found.value };
    case "valueFrom":
    case "seen":
      return isMovable(found.valueFrom) ? { valueFrom: found.valueFrom } : null;
  }
}
