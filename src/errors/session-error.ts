import type { CloseReason } from './close-reason.js';
import { errorStatuses, type SessionErrorCode } from './error-statuses.js';

/**
 * Reason why a token opens no session: no known session has its id, its secret is wrong, or it was valid until it was
 * rotated. `other-client`: the token is right, but the application's `ClientPolicy` refused the client.
 */
export type UnknownToken = 'unknown' | 'wrong-secret' | 'rotated' | 'other-client';

/** The `details` of each error code. They reach logs and clients, so they never contain a token or a secret. */
export interface SessionErrorDetails extends Record<SessionErrorCode, object> {
  SESSION_LIMIT: { readonly accountId: string; readonly maxSession: number };
  /** `refused`: the reason, if a token was refused. For the operator: the fronts answer clients the same for all. */
  SESSION_UNKNOWN: { readonly refused?: UnknownToken };
  SESSION_CLOSED: { readonly reason: CloseReason };
  /** `front`: the front or store that received the option `field`. */
  INVALID_CONTEXT: {
    readonly front: string;
    readonly field: string;
    readonly rule: string;
    readonly value: string;
  };
  INVALID_ARGUMENT: { readonly argument: string; readonly rule: string; readonly value: string };
  MESSAGE_TOO_LARGE: { readonly bytes: number; readonly msgMaxBytes: number };
  MAILBOX_FULL: { readonly id: string };
  /**
   * `unsure`: the call may have been carried out, because the answer was lost. With `replicas`: the call was carried
   * out, but may be lost, because only `reached` of the `needed` replicas had it in time.
   */
  STORE_UNAVAILABLE: {
    readonly unsure?: true;
    readonly replicas?: { readonly needed: number; readonly reached: number };
  };
  STOPPED: Record<never, never>;
  TOO_MANY_SOCKETS: { readonly maxSocket: number };
  CROSS_SITE: { readonly origin: string };
  /** Requirements for the authentication: maximum age, in milliseconds, and minimum level. */
  REAUTHENTICATION_REQUIRED: { readonly maxAge: number | undefined; readonly level: number | undefined };
}

const brand = Symbol.for('session-mailbox.SessionError');

/** The only error class of this package. Branch on `code`. The `message` is for people, and quotes rule and value. */
export class SessionError<Code extends SessionErrorCode = SessionErrorCode> extends Error {
  override readonly name = 'SessionError';
  readonly code: Code;
  /** The HTTP status of the code. Express and Fastify use it for their answer. */
  readonly status: (typeof errorStatuses)[Code];
  readonly details: SessionErrorDetails[Code];

  constructor(code: Code, message: string, details: SessionErrorDetails[Code], options?: ErrorOptions) {
    super(maskTokens(message), options);
    this.code = code;
    this.status = errorStatuses[code];
    this.details = details;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `value` is a `SessionError` (with this code), made by this or another installed copy of the package. */
  static is<Code extends SessionErrorCode = SessionErrorCode>(
    value: unknown,
    code?: Code,
  ): value is { [Each in Code]: SessionError<Each> }[Code] {
    return (
      typeof value === 'object' &&
      value !== null &&
      brand in value &&
      (code === undefined || ('code' in value && value.code === code))
    );
  }
}

/** 64 letters and digits, as in a token. More may surround them, such as the `n` of an escaped line break in front. */
const tokenLike = /[0-9A-Za-z]{64,}/g;

/** Hides everything that may be a token, because errors reach logs and clients. */
function maskTokens(text: string): string {
  return text.replace(tokenLike, '[hidden: may be a token]');
}

const quotedLength = 80;
/** Maximum length of a text that is scanned: a regular expression runs out of stack on a value of many megabytes. */
const scannedLength = 1_024;
/** Possible first part of a token that was cut at the end of the scan. */
const unfinishedToken = /[0-9A-Za-z]{1,63}$/;

/** Quotes a value for an error message: as JSON if possible, without tokens, cut to a length that suits a log. */
export function quote(value: unknown): string {
  const whole = textOf(value);
  const isScannedWhole = whole.length <= scannedLength;
  // Mask before the cut: a cut could leave the first part of a token.
  const scanned = maskTokens(whole.slice(0, scannedLength));
  const text = isScannedWhole ? scanned : scanned.replace(unfinishedToken, '');
  return text.length > quotedLength || !isScannedWhole ? `${text.slice(0, quotedLength)}…` : text;
}

function textOf(value: unknown): string {
  // JSON has null for NaN and the infinities.
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'function') return String(value);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // A value with a cycle, or with a toJSON that throws: only its type can be quoted.
  }
  return text ?? (typeof value === 'object' ? Object.prototype.toString.call(value) : String(value));
}

export function invalidArgument(argument: string, rule: string, value: unknown, cause?: unknown): SessionError {
  const quoted = quote(value);
  return new SessionError(
    'INVALID_ARGUMENT',
    `${argument} ${rule}; got ${quoted}`,
    { argument: maskTokens(argument), rule, value: quoted },
    cause === undefined ? undefined : { cause },
  );
}

/** @param refused the reason, if a token was refused; the message is the same for all reasons */
export function sessionUnknown(refused?: UnknownToken): SessionError {
  const details = refused === undefined ? {} : { refused };
  return new SessionError('SESSION_UNKNOWN', 'There is no such session, or the token does not fit it', details);
}

export function sessionClosed(reason: CloseReason): SessionError {
  return new SessionError('SESSION_CLOSED', `The session is closed: ${reason}`, { reason });
}
