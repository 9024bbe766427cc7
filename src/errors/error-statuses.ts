/**
 * The only table of the HTTP statuses of error codes. `INVALID_CONTEXT` is thrown at start-up: a client sees its status
 * only if an application checks options while it serves requests.
 */
export const errorStatuses = {
  SESSION_LIMIT: 409,
  SESSION_UNKNOWN: 401,
  SESSION_CLOSED: 401,
  INVALID_CONTEXT: 500,
  INVALID_ARGUMENT: 400,
  MESSAGE_TOO_LARGE: 413,
  MAILBOX_FULL: 429,
  STORE_UNAVAILABLE: 503,
  STOPPED: 503,
  TOO_MANY_SOCKETS: 429,
  CROSS_SITE: 403,
  REAUTHENTICATION_REQUIRED: 401,
} as const;

/** The codes of `SessionError`. docs/errors.md lists them with their HTTP status. */
export type SessionErrorCode = keyof typeof errorStatuses;
