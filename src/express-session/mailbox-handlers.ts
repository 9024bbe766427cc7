import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { type OriginOptions, OriginPolicy, originOptions } from '../requests/origin-policy.js';
import type { RawResponse } from '../requests/raw-response.js';
import { requestHeadOf } from '../requests/request-head.js';
import { queryOfTarget } from '../requests/request-target.js';
import { AckRoute } from '../routes/ack-route.js';
import { answerToError, emptyAnswer } from '../routes/answer.js';
import { EventRoute } from '../routes/event-route.js';
import { holdPoll, holdStream } from '../routes/hold.js';
import { jsonBodyOf } from '../routes/json-body.js';
import { PollRoute } from '../routes/poll-route.js';
import { sendAnswer } from '../routes/send-answer.js';
import type { SessionManager } from '../service/session-manager.js';
import { checkOptions } from '../validation/options.js';
import { type SessionsOfSids, SidApp } from './sid-app.js';
import { SidCredentials } from './sid-credentials.js';

/** Options that decide which pages may poll, open streams and acknowledge with their visitor's cookie. */
export type MailboxHandlerOptions = OriginOptions;

/** A request that express-session has handled: `sessionID` comes from a cookie with a valid signature, or is new. */
export type SidRequest = (IncomingMessage | Http2ServerRequest) & {
  readonly sessionID?: string;
  readonly originalUrl?: string;
};

/** Answers a request, now or later. Never throws. */
export type MailboxHandler = (request: SidRequest, response: RawResponse) => void;

/**
 * Serves the long poll to clients that have the cookie of express-session. Mount it behind the session middleware:
 * `app.get('/poll', pollHandler(manager, store))`. When a client disconnects, its poll ends and no message is lost.
 *
 * @throws SessionError `INVALID_CONTEXT` for an unknown or invalid option, `INVALID_ARGUMENT` for a wrong argument
 */
export function pollHandler(
  manager: SessionManager,
  sessions: SessionsOfSids,
  options: MailboxHandlerOptions = {},
): MailboxHandler {
  const origins = originPolicy('pollHandler', options);
  const app = new SidApp(manager, sessions);
  return (request, response) => {
    const route = new PollRoute(new SidCredentials(request.sessionID), origins);
    holdPoll(response, () => route.accept(requestHeadOf(request), queryOf(request), () => app));
  };
}

/**
 * Serves streams of Server-Sent Events to clients that have the cookie of express-session:
 * `app.get('/events', eventHandler(manager, store))`, behind the session middleware.
 *
 * @throws SessionError `INVALID_CONTEXT` for an unknown or invalid option, `INVALID_ARGUMENT` for a wrong argument
 */
export function eventHandler(
  manager: SessionManager,
  sessions: SessionsOfSids,
  options: MailboxHandlerOptions = {},
): MailboxHandler {
  const origins = originPolicy('eventHandler', options);
  const app = new SidApp(manager, sessions);
  const { streamMaxBytes } = manager.context;
  return (request, response) => {
    const route = new EventRoute(new SidCredentials(request.sessionID), origins);
    holdStream(response, streamMaxBytes, () => route.accept(requestHeadOf(request), queryOf(request), app));
  };
}

/**
 * Accepts the acknowledgements of the clients of `eventHandler`: `app.post('/ack', ackHandler(manager, store))`, behind
 * the session middleware. A middleware that parses JSON may be mounted before it.
 *
 * @throws SessionError `INVALID_CONTEXT` for an unknown or invalid option, `INVALID_ARGUMENT` for a wrong argument
 */
export function ackHandler(
  manager: SessionManager,
  sessions: SessionsOfSids,
  options: MailboxHandlerOptions = {},
): MailboxHandler {
  const origins = originPolicy('ackHandler', options);
  const app = new SidApp(manager, sessions);
  const acknowledge = async (request: SidRequest) => {
    const route = new AckRoute(new SidCredentials(request.sessionID), origins);
    await route.acknowledge(app, requestHeadOf(request), queryOf(request), await jsonBodyOf(request));
    return emptyAnswer();
  };
  return (request, response) => {
    void acknowledge(request)
      .catch(answerToError)
      .then((answer) => sendAnswer(response, answer));
  };
}

function originPolicy(front: string, options: MailboxHandlerOptions): OriginPolicy {
  return new OriginPolicy(checkOptions({ front, known: originOptions }, options));
}

/** Parses the query of the URL. `req.query` is not used, because its form depends on the application. */
function queryOf(request: SidRequest): { readonly [name: string]: unknown } {
  return queryOfTarget(request.originalUrl ?? request.url);
}
