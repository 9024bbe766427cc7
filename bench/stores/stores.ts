import { Container } from 'inversify';
import {
  memoryStore,
  type SessionContextOptions,
  SessionManager,
  type StoreBinding,
  sessionModule,
} from '../../src/index.js';
import { redisStore } from '../../src/stores/redis/index.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';

/** The places in which a round's sessions are stored, one for each store. */
export interface Places {
  /** An existing, empty directory. */
  readonly folder: string;
  readonly redisUrl: string;
}

/** The stores by column. Options that are not given have their defaults. */
export const STORES: Readonly<Record<string, (places: Places) => StoreBinding>> = {
  memory: () => memoryStore(),
  SQLite: ({ folder }) => sqliteStore({ path: `${folder}/commit.db` }),
  'SQLite (interval)': ({ folder }) => sqliteStore({ path: `${folder}/interval.db`, durability: 'interval' }),
  Redis: ({ redisUrl }) => redisStore({ url: redisUrl }),
};

/** Interval so long that sweeps and presence are not measured. */
const NEVER = 2 ** 31 - 1;

export interface OpenStore {
  readonly manager: SessionManager;
  close(): Promise<void>;
}

export async function openStore(name: string, places: Places, context: SessionContextOptions = {}): Promise<OpenStore> {
  const binding = STORES[name];
  if (binding === undefined) throw new Error(`no store ${JSON.stringify(name)}`);
  const container = new Container();
  container.load(sessionModule({ gcInterval: NEVER, hbTime: NEVER, ...context }, binding(places)));
  const manager = await container.getAsync(SessionManager);
  return { manager, close: () => container.unbindAllAsync() };
}
