/** The schema of providers and targets: where calls go, under which limits, at what price. */
import * as v from "valibot";
import type { Price } from "../core/policy.ts";
import type { Protocol } from "../core/request.ts";
import { NAME, NAME_MESSAGE } from "./schema-intents.ts";
import {
  dictionary,
  duration,
  expected,
  flag,
  form,
  key,
  map,
  nameForm,
  number,
  oneOrMore,
  percent,
  requiredKey,
  scalarText,
  text,
  whole,
  word,
  type Schema,
} from "./schema-values.ts";
import { PROTOCOLS } from "./vocabulary.ts";

/** Timeouts as written, in milliseconds. */
export interface RawTimeouts {
  readonly connect?: number | undefined;
  readonly first_byte?: number | undefined;
  readonly idle?: number | undefined;
}

/** A breaker's rule as written. */
export interface RawBreaker {
  readonly error_threshold?: number | undefined;
  readonly window?: number | undefined;
  readonly min_requests?: number | undefined;
  readonly cooldown?: number | undefined;
}

/** A provider as written. */
export interface RawProvider {
  readonly url?: string | undefined;
  readonly protocol?: Protocol | undefined;
  readonly region?: string | undefined;
  readonly hosts?: readonly string[] | undefined;
  readonly key?: string | undefined;
  readonly timeouts?: RawTimeouts | undefined;
  readonly breaker?: RawBreaker | undefined;
  readonly retries?: number | undefined;
  readonly baggage?: boolean | undefined;
}

/** A target as written. */
export interface RawTarget {
  readonly name: string;
  readonly provider: string;
  readonly model?: string | undefined;
  readonly params?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly region?: string | undefined;
  readonly price?: Price | undefined;
  readonly timeouts?: RawTimeouts | undefined;
  readonly breaker?: RawBreaker | undefined;
}

const timeouts: Schema<RawTimeouts> = map({
  connect: key(duration(1, "24h"), "Longest wait for a connection; default 10s."),
  first_byte: key(
    duration(1, "24h"),
    "Longest wait for the reply's first byte; default 600s, as the official clients wait.",
  ),
  idle: key(duration(1, "24h"), "Longest silence within a reply; default 600s."),
});

const breaker: Schema<RawBreaker> = map({
  error_threshold: key(percent, "Share of failed calls that opens the breaker; default 50%."),
  window: key(duration(100, "1h"), "The time over which calls are counted; default 30s."),
  min_requests: key(whole(1, 1_000_000), "Fewest calls in the window before it opens; default 10."),
  cooldown: key(duration(10, "24h"), "How long it stays open before one call tries; default 15s."),
});

const host: Schema<string> = v.pipe(
  form(
    /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?$/,
    "expected a host with its port, such as llm.models:8000",
  ),
  v.transform((written) => written.toLowerCase().replace(/:80$/, "")),
);

/** A provider. */
export const provider: Schema<RawProvider> = map({
  url: key(
    form(/^[Hh][Tt][Tt][Pp][Ss]?:\/\//, "expected a URL that begins with http:// or https://"),
    "The base URL. `openai` and `anthropic` have the vendor's as default.",
  ),
  protocol: key(
    word(PROTOCOLS),
    "What it speaks; default anthropic-messages for `anthropic`, else openai-chat.",
  ),
  region: key(text(100), "Where it computes, as records are to say it, such as `eu-west-1`."),
  hosts: key(
    oneOrMore(host),
    "`Host` of calls that were on their way to this provider and were redirected here. Where any is named, a call with another `Host` that is not the pod's own is refused.",
  ),
  key: key(scalarText, "Replaces the caller's credential; empty keeps the caller's."),
  timeouts: key(timeouts, "Limits for one call."),
  breaker: key(breaker, "When the provider counts as down."),
  retries: key(whole(0, 5), "Further attempts when no connection could be made; default 0."),
  baggage: key(
    flag,
    "Whether the caller's `baggage` header goes on to it, which may hold the application's data; default false.",
  ),
});

/** A list price. */
export const price: Schema<Price> = v.pipe(
  map({
    input: requiredKey(number(0, 100_000), "USD per million input tokens."),
    output: requiredKey(number(0, 100_000), "USD per million output tokens."),
    cache_read: key(
      number(0, 100_000),
      "USD per million input tokens that the provider's prompt cache has; default: as input.",
    ),
    cache_write: key(
      number(0, 100_000),
      "USD per million input tokens that the provider's prompt cache takes; default: as input.",
    ),
    cache_write_1h: key(
      number(0, 100_000),
      "USD per million input tokens that it takes for an hour; default: as cache_write.",
    ),
    as_of: requiredKey(
      form(
        /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/,
        "expected a date such as 2026-11-01",
      ),
      "The day the price was looked up.",
    ),
  }),
  v.transform(({ input, output, as_of: asOf, ...cache }): Price => ({
    input,
    output,
    cacheRead: cache.cache_read,
    cacheWrite: cache.cache_write,
    cacheWriteHour: cache.cache_write_1h,
    asOf,
  })),
);

/** A target. */
export const target: Schema<RawTarget> = map({
  name: requiredKey(form(NAME, NAME_MESSAGE), "The target's name, as routes write it."),
  provider: requiredKey(text(200), "The provider it belongs to."),
  model: key(text(200), "Replaces the model in the caller's body; without it the caller's stays."),
  params: key(
    dictionary(
      nameForm(NAME, NAME_MESSAGE),
      v.union(
        [v.string(), v.number(), v.boolean()],
        expected("a text, a number, or true or false"),
      ),
    ),
    "Top-level parameters to put into the caller's body.",
  ),
  region: key(text(100), "Where this target computes; what is left out is the provider's."),
  price: key(price, "List price; wins over the bundled table."),
  timeouts: key(timeouts, "Limits for one call; what is left out is the provider's."),
  breaker: key(breaker, "The target's own breaker; what is left out is the provider's."),
});
