/** What the audit log says of one call: the decision record, where and by whom it was made, and of its content what the policy keeps, masked. */
import { createHmac } from "node:crypto";
import { cacheOutcomeOf } from "../core/cache-outcome.ts";
import type { DecisionRecord, Verdict } from "../core/decision.ts";
import type { Policy } from "../core/policy.ts";
import type { RecordedCall } from "../core/ports.ts";
import type { JsonObject } from "../core/request.ts";
import { maskedContent } from "./content-mask.ts";
import { fullRecord } from "./record-json.ts";

/** Fields in the order in which they are written; `caller` is null for a call without a credential. */
export function auditFields(
  record: DecisionRecord,
  call: RecordedCall,
  caller: string | null,
): JsonObject {
  const { policy } = call.snapshot;
  const { verdict } = record;
  const { trail: _trail, ...told } = fullRecord(record);
  return {
    event: "call",
    ...told,
    policyHash: policy.hash,
    classifierHash: classifierHashOf(verdict),
    caller,
    region: regionOf(verdict, policy),
    cache: cacheOutcomeOf(verdict, call),
    ...requestOf(call),
  };
}

/** The user's last turn, only where the policy keeps it. */
function requestOf({ reading, snapshot }: RecordedCall): JsonObject {
  const { content } = snapshot.policy.audit;
  if (content?.request !== true) return {};
  const text = reading.kind === "view" ? reading.view.text : null;
  return { request: text === null ? null : maskedContent(text, content.maxChars) };
}

/** 16 hex digits; without the salt a list of known credentials does not tell which one it was. */
export function callerHash(credential: string, salt: string): string {
  return createHmac("sha256", salt).update(credential).digest("hex").slice(0, 16);
}

function classifierHashOf({ signals }: Verdict): string | null {
  const model = signals?.model;
  return model?.kind === "known" ? (model.classification.modelHash ?? null) : null;
}

/** Where the provider computes that was asked; nobody's where none was. */
function regionOf({ target, provider }: Verdict, policy: Policy): string | null {
  const asked =
    target === null ? policy.providers.get(provider ?? "") : policy.targets.get(target)?.provider;
  return asked?.region ?? null;
}
