/** The admin paths about agreement: every route's standing, an application's verdict on a call, and resuming a route. */
import { jsonReply, problem, type Routes, type SmallRequest } from "./small-server.ts";
import { objectIn } from "./json-text.ts";

/** What a body may say. */
interface Said {
  readonly id?: unknown;
  readonly verdict?: unknown;
  readonly resume?: unknown;
}

/** What the paths show and change; assemble gives it. */
export interface AgreementPages {
  readonly standings: () => readonly object[];
  /** An application's verdict on what the pod answered, or would have answered. */
  readonly feedback: (id: string, isRight: boolean) => "taken" | "unknown" | "unanswered";
  /** False when no answering route has this name. */
  readonly resume: (route: string) => boolean;
}

/** All paths. */
export function agreementRoutes(pages: AgreementPages): Routes {
  return {
    "/agreement": {
      GET: () => jsonReply({ routes: pages.standings() }),
      POST: (request) => resumed(pages, request),
    },
    "/feedback": { POST: (request) => judged(pages, request) },
  };
}

const verdicts: ReadonlyMap<unknown, boolean> = new Map([
  ["right", true],
  ["wrong", false],
]);

function judged(pages: AgreementPages, { body }: SmallRequest) {
  const { id, verdict }: Said = objectIn(body) ?? {};
  const isRight = verdicts.get(verdict);
  if (typeof id !== "string" || isRight === undefined) {
    return problem(
      400,
      'POST {"id": "...", "verdict": "right"}, or "wrong"; the id is the x-sidestep-request-id of the call.',
    );
  }
  switch (pages.feedback(id, isRight)) {
    case "taken":
      return jsonReply({ id, verdict });
    case "unknown":
      return problem(404, `No call ${id} among those that are remembered.`);
    case "unanswered":
      return problem(409, `No answering route of the policy in force took the call ${id}.`);
  }
}

function resumed(pages: AgreementPages, { body }: SmallRequest) {
  const { resume }: Said = objectIn(body) ?? {};
  if (typeof resume !== "string") {
    return problem(400, 'POST {"resume": "NAME"} lets a suspended route answer again.');
  }
  if (!pages.resume(resume)) return problem(404, `No answering route is called ${resume}.`);
  return jsonReply({ routes: pages.standings() });
}
