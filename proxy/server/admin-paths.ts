/** The table of what the admin listener serves; the first page, the routes and docs/admin.md are held to it. */

/** One path and method. */
export interface AdminPath {
  readonly path: string;
  readonly method: "GET" | "POST";
  /** What it takes: query or body; empty for nothing. */
  readonly takes: string;
  /** What it gives or does, in one sentence. */
  readonly gives: string;
}

/** In the order in which they are listed. */
export const adminPaths: readonly AdminPath[] = [
  {
    path: "/",
    method: "GET",
    takes: "",
    gives:
      "The page, with these paths at its end; only the paths, as JSON, where `Accept` names no `text/html`.",
  },
  { path: "/livez", method: "GET", takes: "", gives: "200 while the process runs." },
  { path: "/readyz", method: "GET", takes: "", gives: "200 while calls are served, else 503." },
  { path: "/metrics", method: "GET", takes: "", gives: "Numbers for Prometheus." },
  {
    path: "/decisions",
    method: "GET",
    takes: "`limit`, `id`, and the filters `decision`, `reason`, `route`, `search`",
    gives: "The last calls, newest first: what was decided and why; with `id` only that one.",
  },
  {
    path: "/call",
    method: "GET",
    takes: "`id`",
    gives:
      "One call laid open: its record, when its parts began and ended, and its scores beside the routes' bounds.",
  },
  {
    path: "/events",
    method: "GET",
    takes: "the filters of `/decisions`; `Last-Event-ID`, or `after`",
    gives: "Calls as they end, as server-sent events.",
  },
  {
    path: "/explain",
    method: "GET",
    takes: "`text`, and `caller` for who is to have called",
    gives: "What would be decided about a text; nothing is sent.",
  },
  {
    path: "/explain",
    method: "POST",
    takes: '`{"text": "..."}`, or a request body with `protocol`; `caller`',
    gives: "The same for a text or a whole request body.",
  },
  {
    path: "/report",
    method: "GET",
    takes: "`span`: `1h`, `24h` or `14d`",
    gives: "Traffic, savings and delays by time, route, reason and upstream, since the start.",
  },
  {
    path: "/targets",
    method: "GET",
    takes: "",
    gives: "Breakers, and the policy's providers and targets with their limits and prices.",
  },
  {
    path: "/agreement",
    method: "GET",
    takes: "",
    gives:
      "How far each route's answers agree with the cloud's, with the interval of the share wrong.",
  },
  {
    path: "/agreement",
    method: "POST",
    takes: '`{"resume": "NAME"}`',
    gives: "Lets a suspended route answer again, counted from zero.",
  },
  {
    path: "/feedback",
    method: "POST",
    takes: '`{"id": "...", "verdict": "right"}`, or `"wrong"`',
    gives: "An application's verdict on what the pod answered, or would have answered.",
  },
  {
    path: "/audit",
    method: "GET",
    takes: "",
    gives: "The audit log: the head of its chain, what waits, and why it cannot be written.",
  },
  {
    path: "/cache",
    method: "GET",
    takes: "",
    gives:
      "What the cache holds, what it was asked for, and whose replies the policy lets it keep.",
  },
  {
    path: "/model",
    method: "GET",
    takes: "",
    gives: "The model's state, figures and card.",
  },
  {
    path: "/policy",
    method: "GET",
    takes: "",
    gives: "The policy in force, and the problems of the last attempt to load one.",
  },
  {
    path: "/policy/source",
    method: "GET",
    takes: "",
    gives:
      "The files of the policy in force, credentials masked, and the last loads with what had changed.",
  },
  {
    path: "/policy/check",
    method: "POST",
    takes: '`{"files": {"PATH": "text"}}`, or a text',
    gives: "Every problem of an edited policy and what it changes; nothing is taken up.",
  },
  { path: "/mode", method: "GET", takes: "", gives: "The mode that holds now." },
  {
    path: "/mode",
    method: "POST",
    takes: '`{"mode": "observe"}` or `{"mode": "enforce"}`',
    gives: "The emergency stop: `observe` answers nothing from now on, `enforce` goes on.",
  },
];
