/** All fuzzes, in the order in which they run. */
import type { Fuzz } from "./fuzz.ts";
import { httpFuzz } from "./http.ts";
import { jsonFuzz } from "./json.ts";
import { policyFuzz } from "./policy.ts";
import { sseFuzz } from "./sse.ts";

export const fuzzes: readonly Fuzz[] = [httpFuzz, sseFuzz, jsonFuzz, policyFuzz];
