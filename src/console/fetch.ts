import { queryOfTarget, requestTarget } from '../requests/request-target.js';
import type { SessionManager } from '../service/session-manager.js';
import { type ConsoleOptions, checkConsoleOptions } from './console-options.js';
import { ConsoleRoutes } from './console-routes.js';

export type { ConsoleGuard, ConsoleOptions } from './console-options.js';

/**
 * Serves the console to servers that use the requests and responses of the Fetch standard. Never rejects. Resolves to
 * undefined for a request that is not for the console, and leaves that request untouched.
 */
export type ConsoleFetchHandler = (request: Request) => Promise<Response | undefined>;

/** @throws SessionError `INVALID_CONTEXT`, also without a guard, `INVALID_ARGUMENT` for a wrong `manager` */
export function consoleFetchHandler(manager: SessionManager, options: ConsoleOptions<Request>): ConsoleFetchHandler {
  const routes = new ConsoleRoutes(manager, checkConsoleOptions('consoleFetchHandler', options));
  return async (request) => {
    const { path } = requestTarget(request.url);
    const route = routes.routeOf(request.method, path);
    if (route === undefined) return undefined;
    const { status, headers, body } = await routes.answer(route, request, path, queryOfTarget(request.url));
    return new Response(body, { status, headers });
  };
}
