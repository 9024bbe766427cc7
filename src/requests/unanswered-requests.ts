import type { Socket } from 'node:net';
import { guarded } from '../errors/guarded.js';
import { requireWholeNumber } from '../validation/argument-rules.js';
import { requireServer } from './require-server.js';

/**
 * Maximum number of unanswered requests on one connection. No client needs more: over HTTP/1 few clients pipeline at
 * all, and over HTTP/2 this is a usual limit.
 */
export const mostUnanswered = 100;

/** A request of `node:http` or `node:http2`. Over HTTP/2 `stream.session` is the connection. */
interface Request {
  readonly socket: Pick<Socket, 'destroy'>;
  readonly stream?: { readonly session?: { destroy(): void } | undefined };
}

interface Response {
  once(event: 'close', listener: () => void): unknown;
}

/** The part of a server of `node:http`, `node:https` or `node:http2` that is used. */
export interface RequestSource {
  prependListener(event: 'request', listener: (request: Request, response: Response) => void): unknown;
}

/**
 * Destroys every connection that has more than `most` unanswered requests. By sending 60 kB, a client that pipelines
 * and reads no answer can make a server keep a thousand requests, each with its answer. Call this function once for
 * each server, before the server listens.
 *
 * @param most at least 1; default 100
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function limitUnanswered(server: RequestSource, most = mostUnanswered): void {
  const unanswered = new WeakMap<object, number>();
  const admit = (request: Request, response: Response) => {
    const connection = request.stream?.session ?? request.socket;
    const count = (unanswered.get(connection) ?? 0) + 1;
    unanswered.set(connection, count);
    if (count > most) {
      connection.destroy();
      return;
    }
    response.once('close', () => unanswered.set(connection, (unanswered.get(connection) ?? 1) - 1));
  };
  requireServer(server);
  // With NaN, as from a missing variable, no connection would have a limit.
  requireWholeNumber('most', most, 1, Number.MAX_SAFE_INTEGER);
  server.prependListener('request', guarded('A request could not be counted', admit));
}
