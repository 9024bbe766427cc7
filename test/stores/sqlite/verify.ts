import { SessionContext, SessionError } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { loadDriver } from '../../../src/stores/sqlite/driver/driver.js';
import { SqliteStore } from '../../../src/stores/sqlite/index.js';
import type { Promised } from './nodes/writers.js';

const portion = 1_000;

/** Returns the faults that SQLite finds in the file. */
export async function damageIn(path: string): Promise<readonly string[]> {
  const database = (await loadDriver()).open(path);
  try {
    const rows = database.prepare('PRAGMA integrity_check').all();
    return rows.map(([text]) => String(text)).filter((text) => text !== 'ok');
  } finally {
    database.close();
  }
}

/** Returns a description of every acknowledgement that the store does not keep. */
export async function brokenPromises(path: string, promises: Iterable<Promised>): Promise<readonly string[]> {
  const store = new SqliteStore(new SessionContext({ maxSession: 0, msgMaxLength: 1_000 }), { path });
  await store.open(noListener);
  try {
    const left = [...promises];
    const faults: (string | undefined)[] = [];
    // In portions, because a queue of hundreds of thousands of steps is slow.
    while (left.length > 0) {
      faults.push(...(await Promise.all(left.splice(-portion).map((promised) => faultOf(store, promised)))));
    }
    return faults.filter((fault) => fault !== undefined);
  } finally {
    await store.close();
  }
}

async function faultOf(store: SqliteStore, { id, pushed, closing }: Promised): Promise<string | undefined> {
  try {
    const { undelivered } = await store.get('default', id);
    if (closing === 'done') return `${id} was closed and lives`;
    return undelivered >= pushed ? undefined : `${id} has ${undelivered} of ${pushed} messages`;
  } catch (error) {
    const isClosed = SessionError.is(error, 'SESSION_CLOSED') && error.details.reason === 'logout';
    if (closing !== 'no' && (isClosed || SessionError.is(error, 'SESSION_UNKNOWN'))) return undefined;
    return `${id}: ${error instanceof Error ? error.message : error}`;
  }
}
