import { appendFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { LogWatch } from '../../../../src/stores/sqlite/nodes/log-watch.js';
import { eventually } from '../../../support/eventually.js';
import { freshPath } from '../create-sqlite-store.js';

test('after a change of the log several looks follow, because the commit may end after the change is reported', async (t) => {
  const path = await freshPath(t);
  writeFileSync(path, '');
  const looks: boolean[] = [];
  const watch = new LogWatch(path, 60_000, (isRegular) => looks.push(isRegular));
  t.teardown(() => watch.close());
  appendFileSync(path, 'frame');
  await eventually(() => looks.length >= 4, { what: 'looks after 1, 4 and 16 ms' });
  t.true(looks.every((isRegular) => !isRegular));
});

test('a regular look is distinguished from a look that a change caused', async (t) => {
  const path = await freshPath(t);
  writeFileSync(path, '');
  const looks: boolean[] = [];
  const watch = new LogWatch(path, 10, (isRegular) => looks.push(isRegular));
  t.teardown(() => watch.close());
  await eventually(() => looks.length >= 2, { what: 'two looks' });
  t.true(looks.every((isRegular) => isRegular));
});
