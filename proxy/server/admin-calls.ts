/** The admin listener's paths about calls: the last ones, one of them, all that come, and one that is only thought of. */
import { filterOf, type RecordFilter } from "../telemetry/record-filter.ts";
import type { EventFeed } from "./event-feed.ts";
import { objectIn } from "./json-text.ts";
import {
  jsonReply,
  problem,
  type Routes,
  type SmallReply,
  type SmallRequest,
  type StreamReply,
} from "./small-server.ts";

/** A call to explain: a text as a one-turn call, or a body as an application would send it. */
export type Question = (
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "body"; readonly bytes: Buffer; readonly protocol: string | null }
) & {
  /** Who is to have called. */
  readonly caller?: string;
};

/** A decision record as it is shown; found by its id. */
export interface ShownRecord {
  readonly id?: unknown;
}

/** What these paths ask for. */
export interface CallParts {
  /** The last records, newest first. */
  readonly decisions: (filter: RecordFilter) => readonly ShownRecord[];
  /** One call laid open; null when it is not remembered. */
  readonly call: (id: string) => unknown;
  readonly events: Pick<EventFeed, "open" | "isFull">;
  /** Explains a call; null when the body is not a readable call. */
  readonly explain: (question: Question) => Promise<unknown>;
}

/** The paths. */
export function callRoutes(parts: CallParts): Routes {
  return {
    "/decisions": { GET: (request) => decisions(parts, request) },
    "/call": { GET: (request) => oneCall(parts, request) },
    "/events": { GET: (request) => events(parts, request) },
    "/explain": {
      GET: (request) => explanation(parts, request),
      POST: (request) => explanation(parts, request),
    },
  };
}

/** Most records of one reply. */
const mostRecords = 1_000;

function decisions(parts: CallParts, request: SmallRequest): SmallReply {
  const id = request.query.get("id");
  const records = parts.decisions(filterOf(request.query));
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

function oneCall(parts: CallParts, { query }: SmallRequest): SmallReply {
  const id = query.get("id") ?? "";
  const call = parts.call(id) ?? null;
  if (call !== null) return jsonReply(call);
  return problem(404, `No call ${id} is remembered; the log may have it.`);
}

function events(parts: CallParts, { query, header }: SmallRequest): SmallReply | StreamReply {
  if (parts.events.isFull) return problem(503, "Too many pages follow along; close one of them.");
  const after = header("last-event-id") ?? query.get("after");
  const filter = filterOf(query);
  return {
    contentType: "text/event-stream",
    open: (response) => parts.events.open(response, { filter, after }),
  };
}

async function explanation(parts: CallParts, request: SmallRequest): Promise<SmallReply> {
  const question = questionOf(request);
  const caller = request.query.get("caller");
  const by = caller === null ? {} : { caller };
  const explained = question === null ? null : await parts.explain({ ...question, ...by });
  if (explained !== null && explained !== undefined) return jsonReply(explained);
  return problem(
    400,
    'GET ?text=..., or POST {"text": "..."} or a whole request body, with ?protocol=openai-chat or anthropic-messages.',
  );
}

function questionOf(request: SmallRequest): Question | null {
  const asked = request.query.get("text");
  if (asked !== null && request.body.length === 0) return { kind: "text", text: asked };
  const value = objectIn(request.body);
  if (value === null) return null;
  const protocol = request.query.get("protocol");
  if (protocol === null && "text" in value && !("messages" in value)) {
    return typeof value.text === "string" ? { kind: "text", text: value.text } : null;
  }
  return { kind: "body", bytes: request.body, protocol };
}
