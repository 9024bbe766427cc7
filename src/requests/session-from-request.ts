import { requireManager } from '../service/require-manager.js';
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
 * Returns the session of a request, and renews it. Returns `undefined` if the request has no credential of a live
 * session. It does not check which page made the request: if the request changes something, check that with
 * `OriginPolicy`.
 *
 * If a request has several credentials, the bearer header counts. Without it, the token in the cookie counts; of up to
 * four cookies `sid`, the only one whose session is live. If these give no session, then with `expressSession` the
 * cookie of express-session counts.
 *
 * @param request of `node:http`, Express, Fastify or Hono
 * @throws SessionError `STORE_UNAVAILABLE` or `STOPPED` if no look-up is possible; `INVALID_CONTEXT` for wrong options;
 *   `INVALID_ARGUMENT` for a wrong `manager`
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
  requireManager(manager);
  try {
    return await credentials.sessionOf(manager, head);
  } catch (error) {
    reportRefusal(manager, credentials, head, error);
    if (isWithoutSession(error)) return undefined;
    throw error;
  }
}
