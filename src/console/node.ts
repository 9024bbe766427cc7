import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { RawResponse } from '../requests/raw-response.js';
import { queryOfTarget, requestTarget } from '../requests/request-target.js';
import { sendAnswer } from '../routes/send-answer.js';
import type { SessionManager } from '../service/session-manager.js';
import { type ConsoleOptions, checkConsoleOptions } from './console-options.js';
import { ConsoleRoutes } from './console-routes.js';

export type { ConsoleGuard, ConsoleOptions } from './console-options.js';

type NodeRequest = IncomingMessage | Http2ServerRequest;

/**
 * Serves the console on a server of `node:http` or `node:http2`, and in Express or Connect. Never throws. Returns false for a
 * request that is not for the console, and leaves that request untouched.
 */
export type ConsoleHandler = (request: NodeRequest, response: RawResponse) => boolean;

/** @throws SessionError `INVALID_CONTEXT`, also without a guard, `INVALID_ARGUMENT` for a wrong `manager` */
export function consoleHandler(manager: SessionManager, options: ConsoleOptions<NodeRequest>): ConsoleHandler {
  const routes = new ConsoleRoutes(manager, checkConsoleOptions('consoleHandler', options));
  return (request, response) => {
    const { path } = requestTarget(request.url);
    const route = routes.routeOf(request.method ?? '', path);
    if (route === undefined) return false;
    void routes.answer(route, request, path, queryOfTarget(request.url)).then((answer) => sendAnswer(response, answer));
    return true;
  };
}
