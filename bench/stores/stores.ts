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

/** Where a round's sessions are kept, one place for each store. */
export interface Places {
  /** A directory that is there, and empty. */
  readonly folder: string;
  readonly redisUrl: string;
}

/** Each as its users begin with it. */
export const STORES: Readonly<Record<string, (places: Places) => StoreBinding>> = {
  memory: () => memoryStore(),
  SQLite: ({ folder }) => sqliteStore({ path: `${folder}/commit.db` }),
  'SQLite (interval)': ({ folder }) => sqliteStore({ path: `${folder}/interval.db`, durability: 'interval' }),
  Redis: ({ redisUrl }) => redisStore({ url: redisUrl }),
};

/** Sweeps and presence keep out of what is measured. */
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
