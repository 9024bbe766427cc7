import type { ExecutionContext } from 'ava';
import { Trial } from '../../../src/conformance/trial.js';
import { SessionContext, type SessionContextOptions } from '../../../src/index.js';
import { SqliteStore, type SqliteStoreOptions } from '../../../src/stores/sqlite/index.js';

/** Returns a trial on a store that is not open yet. */
export function trialOf(options: SqliteStoreOptions, context: SessionContextOptions = { maxSession: 0 }): Trial {
  const store = new SqliteStore(new SessionContext(context), options);
  const setup = { store, advance: async () => {}, close: () => store.close() };
  return new Trial(setup, 1, { gcTime: 60_000, maxAge: 0 });
}

/** Returns a trial on a store that is open until the test ends. */
export async function openedTrial(
  t: ExecutionContext,
  options: SqliteStoreOptions,
  context?: SessionContextOptions,
): Promise<Trial> {
  const trial = trialOf(options, context);
  await trial.store.open(trial);
  t.teardown(() => trial.store.close());
  return trial;
}
