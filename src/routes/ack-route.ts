import { defaultReader } from '../delivery/poll-request.js';
import { invalidArgument } from '../errors/session-error.js';
import { soleBearer } from '../requests/credentials.js';
import type { OriginPolicy } from '../requests/origin-policy.js';
import { readText } from '../requests/poll-query.js';
import { reportRefusal } from '../requests/refusals.js';
import type { RequestHead } from '../requests/request-head.js';
import type { StreamedApp } from './event-route.js';
import { provenTokens, type RouteCredentials } from './route-credentials.js';

/** `POST /ack`, independent of the framework that receives the request. */
export class AckRoute {
  readonly #credentials: RouteCredentials;
  readonly #origins: OriginPolicy;

  constructor(credentials: RouteCredentials, origins: OriginPolicy) {
    this.#credentials = credentials;
    this.#origins = origins;
  }

  /**
   * @param body the JSON of the request
   * @throws SessionError `INVALID_ARGUMENT`, `SESSION_UNKNOWN`, `SESSION_CLOSED`, `CROSS_SITE`, `STORE_UNAVAILABLE`
   */
  async acknowledge(
    app: StreamedApp,
    request: RequestHead,
    query: { readonly [name: string]: unknown },
    body: unknown,
  ): Promise<void> {
    // An acknowledgement removes messages: no page of another site may send one by cookie.
    const tokens = provenTokens(this.#credentials, this.#origins, request, () => app);
    const reader = query.reader === undefined ? defaultReader : readText('reader', query.reader);
    const cursor = cursorIn(body);
    try {
      const token = tokens.length === 1 ? tokens[0] : (await soleBearer(app, tokens)).token;
      await app.acknowledgeAsBearer(token, reader, cursor);
    } catch (error) {
      reportRefusal(app, this.#credentials, request, error);
      throw error;
    }
  }
}

function cursorIn(body: unknown): string {
  const cursor = typeof body === 'object' && body !== null && 'cursor' in body ? body.cursor : undefined;
  if (typeof cursor === 'string') return cursor;
  throw invalidArgument('cursor', 'must be a string in a JSON object: {"cursor":"…"}', cursor);
}
