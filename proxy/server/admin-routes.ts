/** What the admin listener serves, path by path; every page shows the same decision record. */
import type { Mode } from "../core/policy.ts";
import type { BreakerState } from "../core/ports.ts";
import { agreementRoutes, type AgreementPages } from "./agreement-routes.ts";
import { callRoutes, type CallParts } from "./admin-calls.ts";
import { indexReply } from "./index-page.ts";
import { objectIn } from "./json-text.ts";
import type { PageFiles } from "./page-files.ts";
import type { Place } from "./places.ts";
import { checkedPolicy, type PolicyParts } from "./policy-check.ts";
import { probeRoutes, type ProbeParts } from "./probes.ts";
import {
  assets,
  jsonReply,
  problem,
  type Routes,
  type SmallReply,
  type SmallRequest,
} from "./small-server.ts";

/** What the pages show; the desk gives it. */
export interface AdminParts extends ProbeParts, CallParts, PolicyParts {
  /** The policy in force: revision, files, mode, when it was loaded, problems of the last attempt. */
  readonly policy: () => unknown;
  /** Traffic and savings over a stretch of time; null when there is no such stretch. */
  readonly report: (span: string) => unknown;
  readonly breakers: () => readonly BreakerState[];
  /** The policy's providers and targets. */
  readonly places: () => readonly Place[];
  readonly cache: () => Promise<unknown>;
  readonly model: () => Promise<unknown>;
  readonly agreement: AgreementPages;
  /** Where the audit log stands; null when there is none. */
  readonly audit: () => object | null;
  /** The mode that holds now: "observe" while the policy or an operator says so. */
  readonly mode: () => Mode;
  /** The emergency stop: "observe" answers nothing from now on, "enforce" goes back to what the policy says. */
  readonly setMode: (mode: Mode) => void;
}

/** All paths. */
export function adminRoutes(parts: AdminParts, page: PageFiles): Routes {
  const index = {
    GET: (request: SmallRequest): SmallReply => indexReply(request, listed, page.document),
  };
  const routes: Routes = {
    "/": index,
    ...probeRoutes(parts),
    ...callRoutes(parts),
    "/report": { GET: (request) => reportOf(parts, request) },
    "/targets": {
      GET: () => jsonReply({ targets: parts.breakers(), places: parts.places() }),
    },
    "/cache": { GET: async () => jsonReply(await parts.cache()) },
    "/model": { GET: async () => jsonReply(await parts.model()) },
    "/policy": { GET: () => jsonReply(parts.policy()) },
    "/policy/source": { GET: async () => jsonReply(await parts.policySource()) },
    "/policy/check": { POST: (request) => checkedPolicy(parts, request) },
    ...agreementRoutes(parts.agreement),
    "/audit": { GET: () => jsonReply({ audit: parts.audit() }) },
    "/mode": {
      GET: () => jsonReply({ mode: parts.mode() }),
      POST: (request) => changedMode(parts, request),
    },
    ...page.routes,
  };
  const listed = Object.keys(routes).filter((path) => !path.startsWith(assets));
  return routes;
}

function reportOf(parts: AdminParts, request: SmallRequest): SmallReply {
  const report = parts.report(request.query.get("span") ?? "1h") ?? null;
  return report === null ? problem(400, "span is 1h, 24h or 14d.") : jsonReply(report);
}

function changedMode(parts: AdminParts, request: SmallRequest): SmallReply {
  const mode = namedMode(request);
  if (mode !== "observe" && mode !== "enforce") {
    return problem(
      400,
      'POST {"mode": "observe"} to answer nothing, {"mode": "enforce"} to go on.',
    );
  }
  parts.setMode(mode);
  return jsonReply({ mode: parts.mode() });
}

/** In the body as JSON, as a form's field or as the word alone, or in the query: in an emergency any of them will do. */
function namedMode(request: SmallRequest): unknown {
  const value = objectIn(request.body);
  if (value !== null) return "mode" in value ? value.mode : null;
  const text = request.body.toString("utf8").trim();
  const word = new URLSearchParams(text).get("mode") ?? text;
  return word === "" ? request.query.get("mode") : word;
}
