/** What the admin listener serves, path by path; every page shows the same decision record. */
import type { Mode } from "../core/policy.ts";
import type { BreakerState } from "../core/ports.ts";
import { indexPage } from "./index-page.ts";
import { probeRoutes, type ProbeParts } from "./probes.ts";
import {
  jsonReply,
  problem,
  type Routes,
  type SmallReply,
  type SmallRequest,
} from "./small-server.ts";

/** A call to explain: a text as a one-turn call, or a body as an application would send it. */
export type Question =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "body"; readonly bytes: Buffer; readonly protocol: string | null };

/** A decision record as it is shown; found by its id. */
export interface ShownRecord {
  readonly id?: unknown;
}

/** What the pages show; assemble gives it. */
export interface AdminParts extends ProbeParts {
  /** The policy in force: revision, files, mode, when it was loaded, problems of the last attempt. */
  readonly policy: () => unknown;
  /** The last records, newest first. */
  readonly decisions: () => readonly ShownRecord[];
  /** Explains a call; null when the body is not a readable call. */
  readonly explain: (question: Question) => Promise<unknown>;
  readonly breakers: () => readonly BreakerState[];
  /** The mode that holds now: "observe" while the policy or an operator says so. */
  readonly mode: () => Mode;
  /** The emergency stop: "observe" answers nothing from now on, "enforce" goes back to what the policy says. */
  readonly setMode: (mode: Mode) => void;
}

/** All paths. */
export function adminRoutes(parts: AdminParts): Routes {
  const index = { GET: (): SmallReply => indexPage(Object.keys(routes)) };
  const routes: Routes = {
    "/": index,
    ...probeRoutes(parts),
    "/policy": { GET: () => jsonReply(parts.policy()) },
    "/decisions": { GET: (request) => decisions(parts, request) },
    "/explain": {
      GET: (request) => explanation(parts, request),
      POST: (request) => explanation(parts, request),
    },
    "/targets": { GET: () => jsonReply({ targets: parts.breakers() }) },
    "/mode": {
      GET: () => jsonReply({ mode: parts.mode() }),
      POST: (request) => changedMode(parts, request),
    },
  };
  return routes;
}

/** Most records of one reply. */
const mostRecords = 1_000;

function decisions(parts: AdminParts, request: SmallRequest): SmallReply {
  const id = request.query.get("id");
  const records = parts.decisions();
  if (id !== null) {
    const record = records.find((one) => one.id === id);
    if (record !== undefined) return jsonReply({ decisions: [record] });
    return problem(404, `No call ${id} among the last ${records.length}; the log may have it.`);
  }
  const limit = Number(request.query.get("limit") ?? "100");
  if (!Number.isInteger(limit) || limit < 1 || limit > mostRecords) {
    return problem(400, `limit is a whole number from 1 to ${mostRecords}.`);
  }
  return jsonReply({ decisions: records.slice(0, limit) });
}

async function explanation(parts: AdminParts, request: SmallRequest): Promise<SmallReply> {
  const question = questionOf(request);
  const explained = question === null ? null : await parts.explain(question);
  if (explained !== null && explained !== undefined) return jsonReply(explained);
  return problem(
    400,
    'GET ?text=..., or POST {"text": "..."} or a whole request body, with ?protocol=openai-chat or anthropic-messages.',
  );
}

function questionOf(request: SmallRequest): Question | null {
  const asked = request.query.get("text");
  if (asked !== null && request.body.length === 0) return { kind: "text", text: asked };
  const value = parsed(request.body);
  if (value === null) return null;
  const protocol = request.query.get("protocol");
  if (protocol === null && "text" in value && !("messages" in value)) {
    return typeof value.text === "string" ? { kind: "text", text: value.text } : null;
  }
  return { kind: "body", bytes: request.body, protocol };
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
  const value = parsed(request.body);
  if (value !== null) return "mode" in value ? value.mode : null;
  const text = request.body.toString("utf8").trim();
  const word = new URLSearchParams(text).get("mode") ?? text;
  return word === "" ? request.query.get("mode") : word;
}

/** The body as a JSON object; null for anything else. */
function parsed(body: Buffer): object | null {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
