import type { PollOptions } from '../delivery/poll-request.js';
import { invalidArgument } from '../errors/session-error.js';
import type { RequestHead } from './request-head.js';

const rule =
  'must name a cursor (`after=` for the oldest message), or the token must be sent as bearer: this poll came by cookie ' +
  'with neither Sec-Fetch-Site nor Origin';

/**
 * Refuses a poll by cookie that would remove messages although nothing tells which page made it. Over plain HTTP browsers
 * send neither `Sec-Fetch-Site` nor, with a GET, `Origin`: a link on any site could empty the mailbox. With `after` a poll
 * removes only what its cursor confirms, and no page of another site knows a cursor.
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function requireCursorByCookie(request: RequestHead, { after }: PollOptions): void {
  if (after !== undefined) return;
  const fromKnownPage = request.header('sec-fetch-site') !== undefined || request.header('origin') !== undefined;
  if (!fromKnownPage) throw invalidArgument('after', rule, after);
}
