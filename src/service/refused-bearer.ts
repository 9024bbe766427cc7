import { SessionError } from '../errors/session-error.js';
import type { RefusedBearer } from '../events/session-events.js';
import { userAgentLength } from '../store/session-arguments.js';
import { parseToken } from '../store/session-token.js';

const ipLength = 64;

/** Data of a request whose bearer was refused, as far as the front knows it. */
export interface RefusedRequest {
  /** The token of the request, of which only the id is reported. Left out if there are several or none of this form. */
  readonly token?: string | undefined;
  /** Address of the client. */
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** Returns the event of a refusal; `undefined` when the error refuses no bearer, such as `STORE_UNAVAILABLE`. */
export function refusedBearer(app: string, error: unknown, request: RefusedRequest): RefusedBearer | undefined {
  const kind = kindOf(error);
  if (kind === undefined) return undefined;
  const { token, ip = '', userAgent = '' } = request;
  return {
    app,
    id: parseToken(token)?.id,
    kind,
    reason: kind === 'closed' && SessionError.is(error, 'SESSION_CLOSED') ? error.details.reason : undefined,
    ip: ip.slice(0, ipLength),
    userAgent: userAgent.slice(0, userAgentLength).toWellFormed(),
  };
}

function kindOf(error: unknown): RefusedBearer['kind'] | undefined {
  if (SessionError.is(error, 'SESSION_UNKNOWN')) return error.details.refused ?? 'unknown';
  // `rotated`: the session lives on. A rotation happened between the proof of the token and the read of the mailbox.
  if (SessionError.is(error, 'SESSION_CLOSED')) return error.details.reason === 'rotated' ? 'rotated' : 'closed';
  return SessionError.is(error, 'CROSS_SITE') ? 'cross-site' : undefined;
}
