/** The whole schema of a policy file; validate.ts runs it, scripts/schema.ts makes the JSON Schema of it. */
import * as v from "valibot";
import type { ComplexitySignal, Mode, Price } from "../core/policy.ts";
import { audit, type RawAudit } from "./schema-audit.ts";
import { callers, type RawCaller } from "./schema-callers.ts";
import { conditions, type RawWhen } from "./schema-conditions.ts";
import { intentMap, ownName, type RawIntent } from "./schema-intents.ts";
import { price, provider, target, type RawProvider, type RawTarget } from "./schema-providers.ts";
import {
  cache,
  mode,
  route,
  verify,
  type RawRoute,
  type RawStore,
  type RawVerify,
} from "./schema-routes.ts";
import {
  dictionary,
  duration,
  either,
  flag,
  key,
  listOrNone,
  map,
  nameForm,
  number,
  oneOrMore,
  size,
  text,
  whole,
  type Schema,
} from "./schema-values.ts";
import { COMPLEXITY_SIGNALS } from "./vocabulary.ts";

/** A policy as written: right in form, references not yet checked, defaults not yet filled in. */
export interface RawPolicy {
  readonly version?: 1 | undefined;
  readonly mode?: Mode | undefined;
  readonly model?: string | null | undefined;
  readonly providers?: Readonly<Record<string, RawProvider>> | undefined;
  readonly callers?: Readonly<Record<string, RawCaller>> | undefined;
  readonly deny?: readonly RawWhen[] | undefined;
  readonly intents?: Readonly<Record<string, RawIntent>> | undefined;
  readonly targets?: readonly RawTarget[] | undefined;
  readonly complexity?:
    | {
        readonly weights?:
          | Readonly<Partial<Record<ComplexitySignal, number | undefined>>>
          | undefined;
        readonly keywords?: Readonly<Record<string, readonly string[]>> | undefined;
      }
    | undefined;
  readonly routes?: readonly RawRoute[] | undefined;
  readonly cache?: RawStore | undefined;
  readonly outage?:
    | { readonly stale?: number | undefined; readonly answer?: boolean | undefined }
    | undefined;
  readonly limits?:
    | {
        readonly inspect?: number | undefined;
        readonly decision?: number | undefined;
        readonly queue?: number | undefined;
        readonly connections?: number | undefined;
        readonly calls?: number | undefined;
        readonly bodies?: number | undefined;
        readonly headers?: number | undefined;
      }
    | undefined;
  readonly audit?: RawAudit | undefined;
  readonly prices?: Readonly<Record<string, Price>> | undefined;
  readonly verify?: RawVerify | undefined;
  readonly edge_preference?: number | undefined;
}

const weight = number(0, 1);

const weightKeys = {
  length: key(weight, "How long the text is."),
  syntax: key(weight, "How its sentences are built."),
  uncertainty: key(weight, "How unsure the model is of the task."),
  difficulty: key(
    weight,
    "How likely a small model would answer wrongly, as the model learned it.",
  ),
  emotion: key(weight, "How strong the emotion is."),
  keywords: key(weight, "Whether a keyword group is hit."),
} satisfies Record<ComplexitySignal, unknown>;

const complexity = map({
  weights: key(
    v.pipe(
      map(weightKeys),
      v.check(
        (weights) => COMPLEXITY_SIGNALS.some((signal) => (weights[signal] ?? 0) > 0),
        "at least one weight must be above 0",
      ),
    ),
    "How much each signal counts; a signal that is left out counts nothing.",
  ),
  keywords: key(
    dictionary(ownName, oneOrMore(text(200))),
    "Groups of words and phrases that routes and the `keywords` signal look for.",
  ),
});

/** A policy file, or several merged into one. */
export const policySchema: Schema<RawPolicy> = map({
  version: key(v.literal(1, "this program reads version 1"), "The version of this language: 1."),
  mode: key(mode, "`observe` records what would have been done and forwards every call."),
  model: key(
    either(text(1000), v.null(), "a text, or nothing for no model"),
    "The local model: a bundled name, a directory or a hub id; default support-v1. Nothing (`null`) runs without one.",
  ),
  providers: key(
    dictionary(
      nameForm(
        /^(?!v\d)[a-z][a-z0-9_-]{0,63}$/,
        "a provider's name is lower-case letters, digits, - and _, and not a version such as v1",
      ),
      provider,
    ),
    "Where calls go that no route sends elsewhere; without it openai and anthropic.",
  ),
  callers: key(
    callers,
    "Who may call, by name; every other call is refused, and no caller's credential goes to a provider. Without it whoever reaches the listener may call.",
  ),
  deny: key(
    either(
      v.pipe(
        conditions,
        v.transform((only) => [only]),
      ),
      listOrNone(conditions),
      "a list of conditions",
    ),
    "Calls that are never answered in the pod, whatever a route says. Merged files add up.",
  ),
  intents: key(
    intentMap,
    "What users want, by example sentences; fitted when the policy is loaded.",
  ),
  targets: key(listOrNone(target), "Named places that a route may send a call to."),
  complexity: key(complexity, "What makes a call complex."),
  routes: key(listOrNone(route), "The rules; the first that matches decides."),
  cache: key(cache, "Whose replies may be kept and served again."),
  outage: key(
    map({
      stale: key(
        duration(0, "30d"),
        "How old a kept reply may be that is served while the provider is down; default 0.",
      ),
      answer: key(flag, "Whether routes with `outage: true` may answer then; default false."),
    }),
    "What may be done when the provider is down.",
  ),
  limits: key(
    map({
      inspect: key(
        size(1024, "64MiB"),
        "Bytes of a body that are read along; a larger one is only forwarded. Default 1MiB.",
      ),
      decision: key(duration(1, "10s"), "Longest wait for the local model; default 50ms."),
      queue: key(whole(1, 10_000), "Most calls that wait for the local model; default 64."),
      connections: key(
        whole(1, 1_000_000),
        "Most connections of callers; one more is refused. Default what memory and open files allow, at most 20000.",
      ),
      calls: key(
        whole(0, 1_000_000),
        "Most calls that are read along at one time; one more is only forwarded. Default 1000.",
      ),
      bodies: key(
        size(0, "4GiB"),
        "Most bytes of bodies of all calls that are read along; a call beyond is only forwarded. Default a thirty-second of the memory, at most 64MiB.",
      ),
      headers: key(
        size(16_384, "1MiB"),
        "Most bytes of a request's head; a larger one is refused. Default 256KiB.",
      ),
    }),
    "Bounds of what Sidestep spends on a call, and on all of them.",
  ),
  verify: key(verify, "How every route's answers are held against the cloud's; off without it."),
  edge_preference: key(
    number(0, 1),
    "Share of the answers that stays in the pod: 0.95 is another way to write `verify: 5%`.",
  ),
  audit: key(audit, "A record of every decision, chained so that tampering shows."),
  prices: key(
    dictionary(nameForm(/^[A-Za-z][^\s]{0,199}$/, "this is not the name of a model"), price),
    "List prices by model name or its beginning; they win over the bundled table.",
  ),
});
