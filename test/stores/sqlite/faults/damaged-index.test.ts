import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { ManualClock } from '../../../../src/conformance/manual-clock.js';
import { Trial } from '../../../../src/conformance/trial.js';
import { SessionContext } from '../../../../src/index.js';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { SqliteStore } from '../../../../src/stores/sqlite/index.js';
import { eventually } from '../../../support/eventually.js';
import { warningsOf } from '../../../support/warnings.js';
import { freshPath } from '../create-sqlite-store.js';
import { damageIn } from '../verify.js';

const app = 'default';

async function opened(path: string, clock: ManualClock, lockTimeout = 5_000): Promise<Trial> {
  const context = new SessionContext({ maxSession: 0, tombstoneTime: 0 });
  const store = new SqliteStore(context, { path, lockTimeout }, clock);
  const trial = new Trial({ store, advance: async () => {}, close: () => store.close() }, 1, { gcTime: 1_000 });
  await store.open(trial);
  return trial;
}

/** Returns the places of a number of 48 bits, as SQLite stores it. */
function placesOf(bytes: Buffer, value: number): readonly number[] {
  const sought = Buffer.alloc(6);
  sought.writeUIntBE(value, 0, 6);
  const places: number[] = [];
  for (let at = bytes.indexOf(sought); at >= 0; at = bytes.indexOf(sought, at + 1)) places.push(at);
  return places;
}

test.serial('an index that does not fit its table stops the sweeps only until it is built again', async (t) => {
  const path = await freshPath(t);
  const clock = new ManualClock();
  const first = await opened(path, clock);
  const logins = await Promise.all([1_000, 1_010, 1_020, 1_030].map((ttl) => first.login('alice', { ttl })));
  await first.close();
  const sound = readFileSync(path);
  const places = placesOf(sound, clock.now() + 1_010);
  t.is(places.length, 2, 'in the row and in the index');
  clock.advance(2_000);
  for (const place of places) {
    const bytes = Buffer.from(sound);
    bytes.writeUInt8(bytes.readUInt8(place + 5) ^ 1, place + 5);
    writeFileSync(path, bytes);
    const trial = await opened(path, clock);
    const swept = new Set<string>();
    const warnings = await warningsOf(async () => {
      const warned = new Promise((resolve) => process.once('warning', resolve));
      // A sweep that meets the damage fails, until the indexes are built again.
      await eventually(async () => {
        const found = await trial.store.sweep(10).catch(() => undefined);
        for (const { id } of found?.items ?? []) swept.add(id);
        return found?.items.length === 0;
      });
      const kept = logins.filter(({ id }) => !swept.has(id));
      // The row with the changed deadline is damaged, and is left.
      t.true(kept.length <= 1, `${kept.length} are left`);
      for (const { id } of kept) await trial.store.end(app, id, 'revoked');
      t.is(await trial.store.countSessions(app), 0);
      // The sweeps succeed as soon as their index is built again, before the others are.
      await warned;
    });
    t.true(warnings.length > 0);
    await trial.close();
    t.deepEqual(await damageIn(path), []);
  }
});

test.serial('indexes that could not be built again while another process held the lock are built later', async (t) => {
  const path = await freshPath(t);
  const clock = new ManualClock();
  const first = await opened(path, clock);
  await Promise.all([1_000, 1_010, 1_020, 1_030].map((ttl) => first.login('alice', { ttl })));
  await first.close();
  const sound = readFileSync(path);
  const places = placesOf(sound, clock.now() + 1_010);
  clock.advance(2_000);
  let failures = 0;
  for (const place of places) {
    const bytes = Buffer.from(sound);
    bytes.writeUInt8(bytes.readUInt8(place + 5) ^ 1, place + 5);
    writeFileSync(path, bytes);
    const trial = await opened(path, clock, 100);
    const blocker = (await loadDriver()).open(path);
    const warnings = await warningsOf(async () => {
      const isDamaged = await trial.store.sweep(10).then(
        () => false,
        () => true,
      );
      if (!isDamaged) return;
      failures += 1;
      // Before the next turn of the event loop, in which the repair begins. It builds six indexes, one after the other.
      blocker.exec('BEGIN IMMEDIATE');
      for (let index = 0; index < 12; index += 1) {
        await t.throwsAsync(trial.store.sweep(10), { message: /held the lock/ });
      }
      blocker.exec('ROLLBACK');
      await eventually(async () => {
        const found = await trial.store.sweep(10).catch(() => undefined);
        // The row with the changed deadline is damaged, and is left.
        return (found?.items.length ?? 0) >= 3;
      });
    });
    t.false(
      warnings.some((warning) => String(warning).includes('restore a backup, or move')),
      String(warnings),
    );
    blocker.close();
    await trial.close();
  }
  t.true(failures > 0);
});
