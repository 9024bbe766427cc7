import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, type StoreFactory } from '../../../src/conformance/session-store.js';
import { SessionContext } from '../../../src/index.js';
import { LmdbStore } from '../../../src/stores/lmdb/index.js';
import type { NodeProcess } from '../nodes/node-process.js';
import { RemoteStore } from '../nodes/remote-store.js';

/** A directory of its own for each store, which goes with it. It names its process: others may be testing as well. */
export function freshDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), `session-mailbox-lmdb-${process.pid}-`));
}

export function removeDirectory(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}

/** Stores of this process, each in a directory of its own and with a clock that is turned by hand. */
export const lmdbStores: StoreFactory = async (context) => {
  const path = await freshDirectory();
  const clock = new ManualClock();
  const store = new LmdbStore(new SessionContext(context), { path }, clock);
  return {
    store,
    advance: (milliseconds) => clock.advance(milliseconds),
    close: async () => {
      await store.close();
      await removeDirectory(path);
    },
  };
};

/** As one store, several nodes in processes of their own, which take turns and read one clock. */
export function lmdbStoresOver(nodes: () => readonly NodeProcess[]): StoreFactory {
  return async (context) => {
    const path = await freshDirectory();
    const clock = new LeadingClock(`${path}.time`);
    const store = new RemoteStore(nodes(), { context, options: { path, lookInterval: 20 }, timeSource: clock.path });
    return {
      store,
      advance: (milliseconds) => clock.advance(milliseconds),
      close: async () => {
        await store.close();
        await removeDirectory(path);
        await removeDirectory(clock.path);
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
