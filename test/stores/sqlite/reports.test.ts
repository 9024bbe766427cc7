import test, { type ExecutionContext } from 'ava';
import { ManualClock } from '../../../src/conformance/manual-clock.js';
import { Trial } from '../../../src/conformance/trial.js';
import { SessionContext } from '../../../src/index.js';
import { loadDriver } from '../../../src/stores/sqlite/driver/driver.js';
import { SqliteStore } from '../../../src/stores/sqlite/index.js';
import { eventually } from '../../support/eventually.js';
import { freshPath } from './create-sqlite-store.js';

/** Opens stores of one file under one clock. */
async function stage(t: ExecutionContext) {
  const path = await freshPath(t);
  const clock = new ManualClock();
  const context = new SessionContext({ maxSession: 0, gcTime: 1_000 });
  const open = async () => {
    const store = new SqliteStore(context, { path, lockTimeout: 100 }, clock);
    const advance = (milliseconds: number) => clock.advance(milliseconds);
    const trial = new Trial({ store, advance, close: () => store.close() }, 1, { gcTime: 1_000 });
    await store.open(trial);
    t.teardown(() => store.close());
    return trial;
  };
  const connect = async () => {
    const database = (await loadDriver()).open(path);
    t.teardown(() => database.close());
    return database;
  };
  return { clock, open, connect };
}

for (const sweepsAgain of [true, false]) {
  const when = sweepsAgain ? 'its next sweep' : 'its stop';
  test(`a report that could not be deleted is deleted by ${when}, and no other process repeats it`, async (t) => {
    const { clock, open, connect } = await stage(t);
    const trial = await open();
    const { id } = await trial.login();
    const blocker = await connect();
    clock.advance(2_000);
    const { items } = await trial.store.sweep(10);
    t.deepEqual(
      items.map((each) => each.id),
      [id],
    );
    // Before the next turn of the event loop, in which the process deletes the report.
    blocker.exec('BEGIN IMMEDIATE');
    await t.throwsAsync(trial.store.sweep(10), { code: 'STORE_UNAVAILABLE' });
    blocker.exec('ROLLBACK');
    const left = () => blocker.prepare('SELECT count(*) FROM report').get()?.[0];
    t.is(left(), 1);
    if (sweepsAgain) {
      await eventually(async () => {
        await trial.store.sweep(10);
        return left() === 0;
      });
    }
    await trial.store.close();
    const other = await open();
    for (let round = 0; round < 3; round += 1) t.deepEqual((await other.store.sweep(10)).items, []);
  });
}

test('a damaged report keeps no expiry from being reported', async (t) => {
  const { clock, open, connect } = await stage(t);
  const trial = await open();
  const database = await connect();
  const texts = [
    '{',
    'null',
    '7',
    '{}',
    '[null]',
    '[{"id":"x"}]',
    '[{"app":"a","id":"x","accountId":"b","reason":"why","undelivered":0}]',
  ];
  for (const [index, text] of texts.entries()) {
    database.prepare('INSERT INTO report VALUES (?, ?, ?)').run('gone', index, text);
  }
  const { id } = await trial.login();
  clock.advance(2_000);
  const { items } = await trial.store.sweep(10);
  t.deepEqual(
    items.map((each) => each.id),
    [id],
  );
});
