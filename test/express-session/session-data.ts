import type { SessionData } from 'express-session';
import type { SessionMailboxStore } from '../../src/express-session/index.js';

/** Returns a session object that was never loaded from a store. */
export function sessionData(
  content: object = {},
  cookie: object = { originalMaxAge: null, expires: null },
): SessionData {
  return { ...content, cookie } as SessionData;
}

/** Returns the data of the session of a sid, without its cookie. */
export async function contentOf(store: SessionMailboxStore, sid: string): Promise<object | undefined> {
  const loaded = await store.get(sid);
  if (loaded === undefined) return undefined;
  const { cookie: _cookie, ...rest } = loaded;
  return rest;
}

/** Loads a session as a request does. Throws if there is none. */
export async function loadedSession(
  store: SessionMailboxStore,
  sid: string,
): Promise<SessionData & Record<string, unknown>> {
  const loaded = await store.get(sid);
  if (loaded === undefined) throw new Error(`The sid ${sid} has no session`);
  return loaded as SessionData & Record<string, unknown>;
}
