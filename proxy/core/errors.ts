/** The table of Sidestep's own errors; codecs render them in the caller's protocol, docs/errors.md lists them all. */

/** Error codes with status, whether retrying helps, and the sentence that callers read. */
export const errors = {
  sidestep_upstream_unreachable: {
    status: 502,
    retryable: true,
    sentence: "Sidestep could not reach the provider.",
  },
  sidestep_upstream_reset: {
    status: 502,
    retryable: true,
    sentence: "The provider broke the connection before its answer began.",
  },
  sidestep_upstream_timeout: {
    status: 504,
    retryable: true,
    sentence: "The provider did not answer in time.",
  },
  sidestep_upstream_invalid: {
    status: 502,
    retryable: true,
    sentence: "The provider's answer was not valid HTTP.",
  },
  sidestep_provider_unknown: {
    status: 404,
    retryable: false,
    sentence: "The policy names no provider for this path.",
  },
  sidestep_refused_by_policy: {
    status: 403,
    retryable: false,
    sentence: "The policy refuses this call.",
  },
  sidestep_caller_unknown: {
    status: 401,
    retryable: false,
    sentence: "This call carries no key of a caller that the policy names.",
  },
  sidestep_request_invalid: {
    status: 400,
    retryable: false,
    sentence: "The request's framing is ambiguous and was not forwarded.",
  },
  sidestep_stopping: {
    status: 503,
    retryable: true,
    sentence: "Sidestep was told to stop, and the provider had not begun to answer in time.",
  },
  sidestep_internal: {
    status: 500,
    retryable: true,
    sentence: "Sidestep failed and could not forward the call.",
  },
} as const;

/** One of the table's codes. */
export type ErrorCode = keyof typeof errors;

/** What an error may say instead of its table entry, e.g. a status that the policy names. */
export interface ErrorDetails extends ErrorOptions {
  readonly status?: number;
  readonly sentence?: string;
  readonly isRetryable?: boolean;
}

/** A fault with a code of the table; `detail` is for logs and never holds a secret or content. */
export class SidestepError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  /** The HTTP status the caller sees. */
  readonly status: number;
  /** Whether the caller is told that trying again may help. */
  readonly isRetryable: boolean;

  constructor(code: ErrorCode, detail = "", details: ErrorDetails = {}) {
    super(details.sentence ?? errors[code].sentence, details);
    this.name = "SidestepError";
    this.code = code;
    this.detail = detail;
    this.status = details.status ?? errors[code].status;
    this.isRetryable = details.isRetryable ?? errors[code].retryable;
  }
}
