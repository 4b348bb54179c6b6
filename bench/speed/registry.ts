/** The parts of the bench, in the order in which they run. */
import type { Part } from "./part.ts";
import { addedPart } from "./parts/added.ts";
import { localPart } from "./parts/local.ts";
import { streamsPart } from "./parts/streams.ts";
import { throughPart } from "./parts/through.ts";

export const parts: readonly Part[] = [throughPart, addedPart, streamsPart, localPart];
