import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import makeBetterSqlite3Store, { type BetterClient } from 'better-sqlite3-session-store';
import session from 'express-session';
import makeFileStore from 'session-file-store';
import { SessionMailboxStore } from '../../../src/express-session/index.js';
import { openStore } from '../stores.js';

/** The methods that express-session calls on a store. */
export type FrontStore = Required<Pick<session.Store, 'get' | 'set' | 'touch'>>;

interface FrontSubject {
  /** The guarantee that the store gives when it answers a save. */
  readonly promise: string;
  /**
   * Share of the plan's sessions. A store that waits for the disk at each save, one after the other, would take
   * minutes.
   */
  readonly portion?: number;
  /** @param folder an empty directory for this store only */
  open(folder: string): Promise<FrontStore>;
}

const synced = 'on the disk';
const written = 'with the operating system: lost with the power';

export const FRONT_STORES: Readonly<Record<string, FrontSubject>> = {
  SQLite: { promise: synced, open: (folder) => openOurs('SQLite', folder) },
  'SQLite (interval)': {
    promise: `${written}, and noticed then`,
    open: (folder) => openOurs('SQLite (interval)', folder),
  },

  /** As in its README: a new database with default settings, which has a rollback journal and syncs each save. */
  'better-sqlite3-session-store': { promise: synced, portion: 0.2, open: (folder) => openBetter(folder, '') },

  /** With the mode that better-sqlite3 recommends, which syncs no save. */
  'better-sqlite3-session-store (WAL)': {
    promise: written,
    open: (folder) => openBetter(folder, 'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL'),
  },

  'session-file-store': {
    promise: written,
    open: async (folder) => {
      const path = join(folder, 'sessions');
      mkdirSync(path);
      const Store = makeFileStore(session);
      return withTouch(new Store({ path, logFn: () => {} }));
    },
  },
};

async function openOurs(name: string, folder: string): Promise<FrontStore> {
  const { manager } = await openStore(name, { folder, redisUrl: '' });
  return new SessionMailboxStore(manager);
}

/**
 * Opens the store over better-sqlite3, for which it is intended, if `BETTER_SQLITE3` names a directory in which that is
 * installed; else over the library that our store uses, which is slower by a fifth.
 */
async function openBetter(folder: string, pragmas: string): Promise<FrontStore> {
  const path = join(folder, 'sessions.db');
  const { BETTER_SQLITE3 } = process.env;
  const Database: new (path: string) => BetterClient =
    BETTER_SQLITE3 === undefined ? DatabaseSync : createRequire(join(BETTER_SQLITE3, 'package.json'))('better-sqlite3');
  const client = new Database(path);
  client.exec(pragmas);
  const Store = makeBetterSqlite3Store(session);
  return withTouch(new Store({ client }));
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
