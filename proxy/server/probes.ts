/** The paths that Kubernetes and Prometheus ask; both small servers have them. */
import { textReply, type Routes } from "./small-server.ts";

/** What the probes say. */
export interface ProbeParts {
  /** False while the process is stopping or has no policy yet. */
  readonly isReady: () => boolean;
  /** The metrics page with its content type, in the format that the `Accept` header asks for. */
  readonly metrics: (
    accept: string,
  ) => Promise<{ readonly contentType: string; readonly text: string }>;
}

/** `/livez`, `/readyz` and `/metrics`. */
export function probeRoutes(parts: ProbeParts): Routes {
  return {
    "/livez": { GET: () => textReply(200, "ok") },
    "/readyz": {
      GET: () => (parts.isReady() ? textReply(200, "ready") : textReply(503, "not ready")),
    },
    "/metrics": {
      GET: async ({ accept }) => {
        const { contentType, text } = await parts.metrics(accept ?? "");
        return { status: 200, contentType, body: text };
      },
    },
  };
}
