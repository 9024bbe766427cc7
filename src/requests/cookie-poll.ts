import type { PollOptions } from '../delivery/poll-request.js';
import { invalidArgument } from '../errors/session-error.js';
import type { RequestHead } from './request-head.js';

const pollRule =
  'must name a cursor (`after=` for the oldest message), or the token must be sent as bearer: this poll came by cookie ' +
  'with neither Sec-Fetch-Site nor Origin';

const streamRule =
  'must not be "sent", or the token must be sent as bearer: this stream was opened by cookie with neither Sec-Fetch-Site nor ' +
  'Origin';

/**
 * Refuses a poll by cookie that would remove messages, for a request that `isFromKnownPage` does not accept. Over plain
 * HTTP browsers send neither `Sec-Fetch-Site` nor, with a GET, `Origin`. A link on any site could then empty the
 * mailbox. A poll with `after` removes only the messages that its cursor confirms, and no page of another site knows a
 * cursor.
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function requireCursor({ after }: PollOptions): void {
  if (after === undefined) throw invalidArgument('after', pollRule, after);
}

/**
 * Refuses a stream by cookie that would remove the messages that it sends, for the same reason as `requireCursor`.
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function requireKnownPageByCookie(request: RequestHead): void {
  if (!isFromKnownPage(request)) throw invalidArgument('ack', streamRule, 'sent');
}

/** Whether the request has a header in which the browser reports which page made it. */
export function isFromKnownPage(request: RequestHead): boolean {
  return request.header('sec-fetch-site') !== undefined || request.header('origin') !== undefined;
}
