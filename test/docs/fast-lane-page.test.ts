import { createServer } from 'node:http';
import test from 'ava';
import { fastLane } from '../../src/fast-lane/index.js';
import { readProjectFile } from '../architecture/source-tree.js';
import { startService, throwsCode } from '../support/service.js';
import { nameIn, readTable } from './tables.js';

const page = readProjectFile('docs/fast-lane.md');

test('every option of the table is an option of fastLane', async (t) => {
  const { manager } = await startService(t);
  const rows = readTable(page, '| option of `fastLane` | default | meaning |');
  t.is(rows.length, 7);
  for (const [cell] of rows) {
    const option = nameIn(cell);
    const call = async () => Reflect.apply(fastLane, undefined, [createServer(), manager, { [option]: Symbol('x') }]);
    const { details } = await throwsCode(t, call, 'INVALID_CONTEXT');
    t.is(details.field, option);
    t.regex(details.rule, /^must/);
  }
});

test('the table of counts has every count, and no other', async (t) => {
  const { manager } = await startService(t);
  const names = readTable(page, '| count | meaning |').map(([cell]) => nameIn(cell));
  t.deepEqual(names.toSorted(), Object.keys(fastLane(createServer(), manager).counts).toSorted());
});
