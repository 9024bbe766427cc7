import * as v from 'valibot';
import { SessionError } from '../errors/session-error.js';
import type { Session } from '../service/session.js';
import { checkOptions, invalidOption, wholeNumber } from '../validation/options.js';

const century = 3_155_760_000_000;

/** What the authentication of a session must fulfil: one of the two, or both. */
export interface RequiredAuthentication {
  /** How long ago the user may have proven who they are at most, in milliseconds. Default: no matter how long. */
  readonly maxAge?: number;
  /** How strong that proof must have been at least, 0 to 255. Default: no matter how strong. */
  readonly level?: number;
}

const known = { maxAge: v.optional(wholeNumber(0, century)), level: v.optional(wholeNumber(0, 255)) };

/** As an option of a front, which `checkRequirement` checks further. */
export const requirementOption = v.optional(
  v.custom<RequiredAuthentication>((value) => typeof value === 'object' && value !== null, 'must be an object'),
);

/**
 * @param front for the error
 * @throws SessionError `INVALID_CONTEXT`, also for a requirement of nothing: it would let everyone pass
 */
export function checkRequirement(front: string, requirement: RequiredAuthentication): RequiredAuthentication {
  const { maxAge, level } = checkOptions({ front, known }, requirement);
  if (maxAge === undefined && level === undefined) {
    throw invalidOption(front, 'options', 'must have maxAge or level', requirement);
  }
  return { ...(maxAge !== undefined && { maxAge }), ...(level !== undefined && { level }) };
}

/**
 * Requires that the session's user has proven who they are lately, or strongly enough: before a change of the password, a
 * payment, or the end of the user's other sessions. What fails it is mended by a new login of the same session:
 * `sessions.reauthenticated(id, { level })`.
 * @throws SessionError `REAUTHENTICATION_REQUIRED`, or `INVALID_CONTEXT` for a wrong requirement
 */
export function requireAuthentication(session: Session, requirement: RequiredAuthentication): void {
  requireChecked(session, checkRequirement('requireAuthentication', requirement));
}

/** `requireAuthentication` with a requirement that was checked before. */
export function requireChecked(session: Session, { maxAge, level }: RequiredAuthentication): void {
  const age = session.authenticationAge;
  const isOld = maxAge !== undefined && age > maxAge;
  if (!isOld && (level === undefined || session.level >= level)) return;
  const text = isOld
    ? `The user must have proven who they are within maxAge (${maxAge} ms); it was ${age} ms ago`
    : `The user must have proven who they are at level ${level} or above; it was at level ${session.level}`;
  throw new SessionError('REAUTHENTICATION_REQUIRED', text, { maxAge, level });
}

/** The challenge of RFC 9470, by which a client knows what the next authentication must fulfil. */
export function stepUpChallenge({ details, message }: SessionError<'REAUTHENTICATION_REQUIRED'>): string {
  const { maxAge, level } = details;
  const parts = ['error="insufficient_user_authentication"', `error_description="${message}"`];
  if (level !== undefined) parts.push(`acr_values="${level}"`);
  if (maxAge !== undefined) parts.push(`max_age="${Math.floor(maxAge / 1_000)}"`);
  return `Bearer ${parts.join(', ')}`;
}
