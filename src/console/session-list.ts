import { SessionError } from '../errors/session-error.js';
import { readText } from '../requests/poll-query.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import type { Presence } from '../store/session-record.js';

/** Sessions on a page: few enough for any store to return them quickly. */
const pageSize = 50;
/** Maximum number of sessions listed for one account. With `maxSession` 0 an account can have any number of sessions. */
const mostOfAccount = 200;

/** A session as an operator sees it. It has no attributes, because they may hold data that operators must not see. */
export interface ConsoleSession {
  readonly id: string;
  readonly accountId: string;
  readonly createdAt: number;
  readonly lastTime: number;
  readonly ttl: number;
  readonly maxAge: number;
  readonly ip: string;
  readonly lastIp: string;
  readonly userAgent: string;
  readonly lastUserAgent: string;
  readonly presence: Presence;
  readonly undelivered: number;
  readonly level: number;
}

export interface ConsoleSessionPage {
  readonly sessions: readonly ConsoleSession[];
  /** Cursor of the next page; absent on the last page. */
  readonly cursor?: string;
  /** Number of sessions of the account that are not listed; absent if all are listed. */
  readonly more?: number;
}

/**
 * Lists the sessions that the query asks for: all of one `account`, the session with this `id`, or a page of the app from
 * `cursor`. Each query is one call of the store that reads only the sessions asked for. Its cost does not depend on the
 * number of sessions in the store.
 * @throws SessionError `INVALID_ARGUMENT`, `STORE_UNAVAILABLE`
 */
export async function listSessions(
  manager: SessionManager,
  { account, id, cursor }: { readonly [name: string]: unknown },
): Promise<ConsoleSessionPage> {
  if (account !== undefined) return ofAccount(manager, readText('account', account));
  if (id !== undefined) return byId(manager, readText('id', id));
  const from = cursor === undefined ? {} : { cursor: readText('cursor', cursor) };
  const page = await manager.sessionsOfApp({ limit: pageSize, ...from });
  return { ...page, sessions: page.sessions.map(shown) };
}

async function ofAccount(manager: SessionManager, accountId: string): Promise<ConsoleSessionPage> {
  const all = await manager.sessionsOfAccount(accountId);
  const sessions = all.slice(0, mostOfAccount).map(shown);
  return all.length > sessions.length ? { sessions, more: all.length - sessions.length } : { sessions };
}

async function byId(manager: SessionManager, id: string): Promise<ConsoleSessionPage> {
  try {
    return { sessions: [shown(await manager.getSession(id))] };
  } catch (error) {
    if (SessionError.is(error, 'SESSION_UNKNOWN') || SessionError.is(error, 'SESSION_CLOSED')) return { sessions: [] };
    throw error;
  }
}

function shown(session: Session): ConsoleSession {
  const { id, accountId, createdAt, lastTime, ttl, maxAge, ip, lastIp, userAgent, lastUserAgent } = session;
  const { presence, undelivered, level } = session;
  return {
    id,
    accountId,
    createdAt,
    lastTime,
    ttl,
    maxAge,
    ip,
    lastIp,
    userAgent,
    lastUserAgent,
    presence,
    undelivered,
    level,
  };
}
