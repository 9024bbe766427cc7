import * as v from 'valibot';
import { SessionError } from '../errors/session-error.js';
import type { Session } from '../service/session.js';
import { checkOptions, invalidOption, wholeNumber } from '../validation/options.js';

const century = 3_155_760_000_000;

/** Requirements on the authentication of a session. At least one of them must be given. */
export interface RequiredAuthentication {
  /** Maximum number of milliseconds since the user last proved who they are. Default: any number. */
  readonly maxAge?: number;
  /** Minimum level of the user's last proof, 0 to 255. Default: any level. */
  readonly level?: number;
}

const known = { maxAge: v.optional(wholeNumber(0, century)), level: v.optional(wholeNumber(0, 255)) };

/** Schema of a requirement as an option of a front. `checkRequirement` checks the members. */
export const requirementOption = v.optional(
  v.custom<RequiredAuthentication>((value) => typeof value === 'object' && value !== null, 'must be an object'),
);

/**
 * @param front name of the front, for the error
 * @throws SessionError `INVALID_CONTEXT`, also for a requirement without members, which every session would fulfil
 */
export function checkRequirement(front: string, requirement: RequiredAuthentication): RequiredAuthentication {
  const { maxAge, level } = checkOptions({ front, known }, requirement);
  if (maxAge === undefined && level === undefined) {
    throw invalidOption(front, 'options', 'must have maxAge or level', requirement);
  }
  return { ...(maxAge !== undefined && { maxAge }), ...(level !== undefined && { level }) };
}

/**
 * Requires that the session's user has proven who they are recently enough, and strongly enough. Call it before a
 * change of the password, a payment, or the end of the user's other sessions. After a refusal the user must log in
 * again; record this login in the same session by `sessions.reauthenticated(id, { level })`.
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

/** Returns the challenge of RFC 9470, from which a client learns what the next authentication must fulfil. */
export function stepUpChallenge({ details, message }: SessionError<'REAUTHENTICATION_REQUIRED'>): string {
  const { maxAge, level } = details;
  const parts = ['error="insufficient_user_authentication"', `error_description="${message}"`];
  if (level !== undefined) parts.push(`acr_values="${level}"`);
  if (maxAge !== undefined) parts.push(`max_age="${Math.floor(maxAge / 1_000)}"`);
  return `Bearer ${parts.join(', ')}`;
}
