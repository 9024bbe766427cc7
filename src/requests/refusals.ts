import type { SessionManager } from '../service/session-manager.js';
import type { Credentials } from './credentials.js';
import type { RequestHead } from './request-head.js';

/** The part of the manager to which refusals are reported. */
export type RefusalReporter = Pick<SessionManager, 'reportRefused'>;

/**
 * Reports that the error refuses the bearer of this request, if the request shows a bearer and the error refuses it.
 */
export function reportRefusal(
  app: RefusalReporter,
  credentials: Pick<Credentials, 'shownBy'>,
  request: RequestHead,
  error: unknown,
): void {
  const shown = credentials.shownBy(request);
  if (shown === undefined) return;
  app.reportRefused(error, { token: shown.token, ip: request.ip(), userAgent: request.header('user-agent') });
}
