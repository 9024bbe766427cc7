import { invalidArgument } from '../errors/session-error.js';

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireSid(sid: unknown): string {
  if (typeof sid === 'string' && sid !== '') return sid;
  throw invalidArgument('sid', 'must be a string that is not empty', typeof sid === 'string' ? sid : typeof sid);
}

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireSession(session: unknown): object {
  if (typeof session === 'object' && session !== null && !Array.isArray(session)) return session;
  throw invalidArgument('session', 'must be an object', typeof session);
}
