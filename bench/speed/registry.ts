/** The parts of the bench, in the order in which they run. */
import type { Part } from "./part.ts";
import { addedPart } from "./parts/added.ts";
import { decisionPart } from "./parts/decision.ts";
import { footprintPart } from "./parts/footprint.ts";
import { localPart } from "./parts/local.ts";
import { reloadPart } from "./parts/reload.ts";
import { replayPart } from "./parts/replay.ts";
import { streamsPart } from "./parts/streams.ts";
import { telemetryPart } from "./parts/telemetry.ts";
import { throughPart } from "./parts/through.ts";

export const parts: readonly Part[] = [
  throughPart,
  addedPart,
  streamsPart,
  localPart,
  decisionPart,
  footprintPart,
  reloadPart,
  replayPart,
  telemetryPart,
];
