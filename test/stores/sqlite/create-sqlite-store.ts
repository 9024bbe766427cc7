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

/** A directory that no other test uses, also not one of another process. */
export function freshDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), `session-mailbox-sqlite-${process.pid}-`));
}

export function removeDirectory(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}

/** The path of a database that is removed after the test. */
export async function freshPath(t: ExecutionContext): Promise<string> {
  const directory = await freshDirectory();
  t.teardown(() => removeDirectory(directory));
  return join(directory, 'sessions.db');
}

/** The options of a store whose database is removed after the test. */
export async function freshPlace(t: ExecutionContext): Promise<SqliteStoreOptions> {
  return { path: await freshPath(t) };
}

/** Stores of this process, each with a database of its own and a clock that is turned by hand. */
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

/** As one store, several nodes in processes of their own, which take turns and read one clock. */
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

/** A clock turned by hand, which others follow by its file. */
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
