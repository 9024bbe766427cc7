import { join } from 'node:path';
import test from 'ava';
import { ManualClock } from '../../../src/conformance/manual-clock.js';
import { Clock, SessionContext, SessionStore, type StoreBinding } from '../../../src/index.js';
import { SqliteStore } from '../../../src/stores/sqlite/index.js';
import { rounds } from '../../support/limits.js';
import { checkPolls } from '../../support/poll-property.js';
import { Tracked } from '../nodes/tracked-store.js';
import { freshDirectory, removeDirectory } from './create-sqlite-store.js';

/** A clock that waits for the store before it advances. */
class PatientClock extends ManualClock {
  readonly #operations: Tracked;

  constructor(operations: Tracked) {
    super();
    this.#operations = operations;
  }

  override settle(): Promise<void> {
    return this.#operations.quiet();
  }
}

function bindWatched(path: string, operations: Tracked): StoreBinding {
  const make = (context: SessionContext, clock: Clock) => operations.watch(new SqliteStore(context, { path }, clock));
  return (binding) => binding.bind(SessionStore).toResolvedValue(make, [SessionContext, Clock]).inSingletonScope();
}

for (const [name, nodes, runs] of [
  ['one node', 1, rounds({ sample: 12, full: 400 })],
  ['four nodes', 4, rounds({ sample: 8, full: 300 })],
] as const) {
  test(`with ${name} every batch is what the design specifies, and lost counts the messages that bounds dropped`, async (t) => {
    await checkPolls({
      stage: async () => {
        const directory = await freshDirectory();
        const operations = new Tracked();
        const clock = new PatientClock(operations);
        const store = bindWatched(join(directory, 'sessions.db'), operations);
        return { clock, store, nodes, forgivesDowntime: false, close: () => removeDirectory(directory) };
      },
      runs,
    });
    t.pass();
  });
}
