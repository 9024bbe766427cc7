import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { type SessionStore, SystemClock } from '../../../src/index.js';
import { loadDriver } from '../../../src/stores/sqlite/driver/driver.js';
import { SqliteStore } from '../../../src/stores/sqlite/index.js';
import { rounds } from '../../support/limits.js';
import { checkRollbacks } from '../../support/rollback-property.js';
import { freshPath } from './create-sqlite-store.js';

function copy(from: string, to: string): void {
  for (const suffix of ['', '-wal', '-shm']) {
    rmSync(to + suffix, { force: true });
    if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix);
  }
}

for (const [name, tells] of [
  ['a copy of an older file', false],
  ['what a crash of the machine left', true],
] as const) {
  test.serial(`over ${name} every message is received, or lost or reset is reported to its reader`, async (t) => {
    const driver = await loadDriver();
    await checkRollbacks({
      stage: async (context) => {
        const paths = [await freshPath(t)];
        const pathNow = () => paths.at(-1) ?? '';
        const start = () => new SqliteStore(context, { path: pathNow(), durability: tells ? 'interval' : 'commit' });
        const mark = async () => {
          const older = await freshPath(t);
          copy(pathNow(), older);
          const goBack = async (running: SessionStore) => {
            await running.close();
            const place = await freshPath(t);
            copy(older, place);
            paths.push(place);
            if (tells) {
              const database = driver.open(place);
              database.exec("UPDATE history SET boot = 'the boot before'");
              database.close();
            }
            return start();
          };
          return { next: undefined, goBack };
        };
        const clock = new SystemClock();
        return { clock, context, store: start(), tells, tick: () => pause(1), mark, close: async () => {} };
      },
      runs: rounds({ sample: 5, full: 120 }),
    });
    t.pass();
  });
}
