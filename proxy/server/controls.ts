/** Reads what a caller asks of Sidestep itself in request headers; receive uses it. */
import { headerValue, headerValues, type HeaderLines } from "../core/http.ts";
import type { Controls } from "../core/request.ts";

/** The controls of a call; values that are not known count as not given. */
export function controlsOf(lines: HeaderLines): Controls {
  const target = headerValue(lines, "x-sidestep-target")?.trim();
  return {
    mode: one(lines, "x-sidestep-mode", ["observe", "bypass"]),
    cache: one(lines, "x-sidestep-cache", ["no-store", "refresh"]) ?? noStore(lines),
    target: target === undefined || target === "" ? null : target,
  };
}

function one<const Word extends string>(
  lines: HeaderLines,
  name: string,
  words: readonly Word[],
): Word | null {
  const value = headerValue(lines, name)?.trim().toLowerCase();
  return words.find((word) => word === value) ?? null;
}

function noStore(lines: HeaderLines): "no-store" | null {
  const directives = headerValues(lines, "cache-control").flatMap((value) => value.split(","));
  const isAsked = directives.some((word) => word.trim().toLowerCase() === "no-store");
  return isAsked ? "no-store" : null;
}
