import type { IncomingMessage, ServerResponse } from 'node:http';
import { invalidArgument, SessionError, sessionUnknown } from '../errors/session-error.js';
import { requireOwnSite } from '../requests/cross-site.js';
import { HeldResponse } from '../requests/held-response.js';
import { readPollOptions } from '../requests/poll-query.js';
import { faceOf } from '../requests/request-headers.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';

/** Finds the session that is behind a sid. */
export interface SessionsOfSids {
  sessionOf(sid: string): Promise<Session | undefined>;
}

export interface PollHandlerOptions {
  /** Origins besides its own whose pages may poll with the visitor's cookie. Default: none. */
  readonly trustedOrigins?: readonly string[];
}

/** A request that express-session has seen: the sid is from a cookie whose signature was right, or was just made. */
export type PollingRequest = IncomingMessage & { readonly sessionID?: string; readonly originalUrl?: string };

/**
 * Serves the long poll of whoever has the cookie of express-session: `app.get('/poll', pollHandler(manager, store))`,
 * behind the session middleware. A poll whose client hangs up is let go, and loses nothing.
 */
export function pollHandler(
  manager: SessionManager,
  sessions: SessionsOfSids,
  { trustedOrigins = [] }: PollHandlerOptions = {},
): (request: PollingRequest, response: ServerResponse) => void {
  const trusted = new Set(trustedOrigins);
  return (request, response) => {
    const held = new HeldResponse(response);
    poll(manager, sessions, trusted, request, held).catch((error) => held.fail(error));
  };
}

async function poll(
  manager: SessionManager,
  sessions: SessionsOfSids,
  trustedOrigins: ReadonlySet<string>,
  request: PollingRequest,
  response: HeldResponse,
): Promise<void> {
  // Frameworks route HEAD to GET handlers; without a body, what a draining poll takes would be lost.
  if (request.method !== 'GET') throw invalidArgument('method', 'must be GET', request.method);
  // Polling moves cursors, so a link or an image on another site's page must not do it.
  requireOwnSite(faceOf(request), trustedOrigins);
  const options = readPollOptions(queryOf(request));
  let gone = false;
  let hangUp = () => {};
  response.onceClosed(() => {
    gone = true;
    hangUp();
  });
  const { sessionID } = request;
  // So express-session lets requests through while its store is away: nothing is known of the session then.
  if (sessionID === undefined) {
    throw new SessionError('STORE_UNAVAILABLE', 'express-session has given this request no session', {});
  }
  const session = await sessions.sessionOf(sessionID);
  if (session === undefined) throw sessionUnknown();
  if (!gone) hangUp = manager.inApp(session.app).pollInto(session.id, options, response);
}

/** Read from the URL, because applications choose what `req.query` is. What is given twice is a list, and refused. */
function queryOf({ originalUrl, url }: PollingRequest): { readonly [name: string]: unknown } {
  const { searchParams } = new URL(originalUrl ?? url ?? '/', 'http://localhost');
  const query: Record<string, unknown> = Object.create(null);
  for (const name of searchParams.keys()) {
    const values = searchParams.getAll(name);
    query[name] = values.length === 1 ? values[0] : values;
  }
  return query;
}
