import type { SessionManager } from '../service/session-manager.js';
import type { Credentials } from './credentials.js';
import type { RequestHead } from './request-head.js';

/** What is told of refusals. */
export type RefusalReporter = Pick<SessionManager, 'reportRefused'>;

/** Reports that the error refuses the bearer of this request, if it does and the request shows one. */
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
