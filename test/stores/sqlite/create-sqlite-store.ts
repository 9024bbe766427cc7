import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { ManualClock, type StoreFactory } from '../../../src/conformance/session-store.js';
import { SessionContext } from '../../../src/index.js';
import { SqliteStore, type SqliteStoreOptions } from '../../../src/stores/sqlite/index.js';
import type { NodeProcess } from '../nodes/node-process.js';
import { RemoteStore } from '../nodes/remote-store.js';

/** Creates a directory that no other test uses, not even one of another process. */
export function freshDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), `session-mailbox-sqlite-${process.pid}-`));
}

export function removeDirectory(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}

/** Returns a database path. The database is removed after the test. */
export async function freshPath(t: ExecutionContext): Promise<string> {
  const directory = await freshDirectory();
  t.teardown(() => removeDirectory(directory));
  return join(directory, 'sessions.db');
}

/** Returns the options of a store. Its database is removed after the test. */
export async function freshPlace(t: ExecutionContext): Promise<SqliteStoreOptions> {
  return { path: await freshPath(t) };
}

/** A factory of stores in this process. Each store has its own database and a clock that the test advances. */
export const sqliteStores: StoreFactory = async (context) => {
  const directory = await freshDirectory();
  const clock = new ManualClock();
  const store = new SqliteStore(new SessionContext(context), { path: join(directory, 'sessions.db') }, clock);
  return {
    store,
    advance: (milliseconds) => clock.advance(milliseconds),
    close: async () => {
      await store.close();
      await removeDirectory(directory);
    },
  };
};

/** Returns a factory of stores. Each consists of several nodes, in separate processes, that take turns. */
export function sqliteStoresOver(nodes: () => readonly NodeProcess[]): StoreFactory {
  return async (context) => {
    const directory = await freshDirectory();
    const clock = new LeadingClock(join(directory, 'time'));
    const options = { path: join(directory, 'sessions.db') };
    const store = new RemoteStore(nodes(), { context, options, timeSource: clock.path });
    return {
      store,
      advance: (milliseconds) => clock.advance(milliseconds),
      close: async () => {
        await store.close();
        await removeDirectory(directory);
      },
    };
  };
}

/** A clock that the test advances. It writes the time to a file, from which other processes read it. */
class LeadingClock extends ManualClock {
  readonly path: string;

  constructor(path: string) {
    super();
    this.path = path;
    this.#write();
  }

  protected override async moved(): Promise<void> {
    this.#write();
  }

  #write(): void {
    writeFileSync(this.path, String(this.now()));
  }
}
