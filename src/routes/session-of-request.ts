import { type Credentials, soleBearer } from '../requests/credentials.js';
import type { OriginPolicy } from '../requests/origin-policy.js';
import { reportRefusal } from '../requests/refusals.js';
import type { RequestHead } from '../requests/request-head.js';
import { seenClient } from '../requests/seen-client.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';

/** Methods that change nothing. A page of another site may request them, because it can't read the answer. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Returns the live session whose token the request has, and renews it. Reports a refused token.
 * @throws SessionError `SESSION_UNKNOWN`, `SESSION_CLOSED`, or `CROSS_SITE` if a page of another site sent the request
 *   by cookie and its method is not safe
 */
export async function sessionOfRequest(
  manager: SessionManager,
  credentials: Credentials,
  origins: OriginPolicy,
  request: RequestHead,
): Promise<Session> {
  try {
    const tokens = credentials.tokensOf(request, safeMethods.has(request.method) ? undefined : origins);
    return (await soleBearer(manager, tokens, seenClient(manager, request))).session;
  } catch (error) {
    reportRefusal(manager, credentials, request, error);
    throw error;
  }
}
