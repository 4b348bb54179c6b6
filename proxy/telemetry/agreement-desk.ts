/** What operators and applications may ask of the book of agreement; the admin listener serves it. */
import type { DecisionRecord } from "../core/decision.ts";
import type { Agreement, RouteAgreement } from "./agreement.ts";
import type { DecisionRing } from "./decision-ring.ts";

/** The desk's answers. */
export interface AgreementDesk {
  readonly standings: () => readonly RouteAgreement[];
  /** An application's verdict on what the pod answered, or would have answered. */
  readonly feedback: (id: string, isRight: boolean) => "taken" | "unknown" | "unanswered";
  /** False when no answering route has this name. */
  readonly resume: (route: string) => boolean;
}

/** Verdicts are on calls that the ring still holds. */
export function agreementDesk(
  agreement: Agreement,
  ring: Pick<DecisionRing, "find">,
): AgreementDesk {
  return {
    standings: () => agreement.standings(),
    resume: (route) => agreement.resume(route),
    feedback: (id, isRight) => {
      const found = ring.find(id);
      if (found === undefined) return "unknown";
      const route = answeringRoute(found);
      return route !== null && agreement.feedback(id, route, isRight) ? "taken" : "unanswered";
    },
  };
}

/** The route that answered, or would have. */
function answeringRoute({ verdict }: DecisionRecord): string | null {
  if (verdict.decision === "local") return verdict.route;
  return verdict.would?.decision === "local" ? verdict.would.route : null;
}
