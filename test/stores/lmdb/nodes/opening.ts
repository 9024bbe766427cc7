import { SessionContext, SessionError } from '../../../../src/index.js';
import { LmdbStore } from '../../../../src/stores/lmdb/index.js';

/** Opens a store, uses it a little, closes it, and tells what came of it. */

const [, , path = ''] = process.argv;
const store = new LmdbStore(new SessionContext(), { path, patience: 3_000 });

async function use(): Promise<string> {
  await store.open({ appended() {}, changed() {}, closed() {}, superseded() {}, missed() {} });
  try {
    await store.listApp('default', { activeWithin: undefined, limit: 1_000, cursor: undefined });
    await store.sweep(1_000);
    return 'opened';
  } finally {
    await store.close();
  }
}

const outcome = await use().catch((error: unknown) => {
  return SessionError.is(error) ? `${error.code}: ${error.message}` : `${error}`;
});
process.stdout.write(outcome);
