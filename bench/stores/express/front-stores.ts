import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import makeBetterSqlite3Store from 'better-sqlite3-session-store';
import session from 'express-session';
import makeFileStore from 'session-file-store';
import { SessionMailboxStore } from '../../../src/express-session/index.js';
import { openStore } from '../stores.js';

/** A store as express-session calls it. */
export type FrontStore = Required<Pick<session.Store, 'get' | 'set' | 'touch'>>;

/** How each is opened, in a directory of its own that is empty. */
export const FRONT_STORES: Readonly<Record<string, (folder: string) => Promise<FrontStore>>> = {
  SQLite: (folder) => openOurs('SQLite', folder),
  'SQLite, interval': (folder) => openOurs('SQLite, interval', folder),

  /**
   * Its author means it for better-sqlite3, which this machine would have to compile. It is given the library that our
   * store uses, in the mode that better-sqlite3 recommends and that syncs no commit.
   */
  'better-sqlite3-session-store': async (folder) => {
    const client = new DatabaseSync(join(folder, 'sessions.db'));
    client.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    const Store = makeBetterSqlite3Store(session);
    return withTouch(new Store({ client }));
  },

  'session-file-store': async (folder) => {
    const path = join(folder, 'sessions');
    mkdirSync(path);
    const Store = makeFileStore(session);
    return withTouch(new Store({ path, logFn: () => {} }));
  },
};

async function openOurs(name: string, folder: string): Promise<FrontStore> {
  const { manager } = await openStore(name, { folder, redisUrl: '' });
  return new SessionMailboxStore(manager);
}

function withTouch(store: session.Store): FrontStore {
  const { touch } = store;
  if (touch === undefined) throw new Error('a store of this bench has no touch');
  return {
    get: (sid, callback) => store.get(sid, callback),
    set: (sid, data, callback) => store.set(sid, data, callback),
    touch: (sid, data, callback) => Reflect.apply(touch, store, [sid, data, callback]),
  };
}
