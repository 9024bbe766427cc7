import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { checkOptions } from '../validation/options.js';
import {
  Credentials,
  credentialOptions,
  credentialSecrets,
  isWithoutSession,
  type RequestSessionOptions,
} from './credentials.js';
import { reportRefusal } from './refusals.js';
import { requestHeadOf } from './request-head.js';

/**
 * The session of a request, renewed; `undefined` when the request has no credential, or none of a live session. It does
 * not check which page made the request: where a request changes something, check that with `OriginPolicy`.
 *
 * Of several credentials a bearer header counts; else the token in the cookie, or of up to four cookies
 * `sid` the only one whose session is live; else, with `expressSession`, the cookie of express-session.
 *
 * @param request of `node:http`, Express, Fastify or Hono
 * @throws SessionError `STORE_UNAVAILABLE` or `STOPPED`, when it can't be known; `INVALID_CONTEXT` for wrong options
 */
export async function sessionFromRequest(
  request: object,
  manager: SessionManager,
  options: RequestSessionOptions = {},
): Promise<Session | undefined> {
  const front = 'sessionFromRequest';
  const credentials = new Credentials(
    front,
    checkOptions({ front, known: credentialOptions, secrets: credentialSecrets }, options),
  );
  const head = requestHeadOf(request);
  try {
    return await credentials.sessionOf(manager, head);
  } catch (error) {
    reportRefusal(manager, credentials, head, error);
    if (isWithoutSession(error)) return undefined;
    throw error;
  }
}
