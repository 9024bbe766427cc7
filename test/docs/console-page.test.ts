import test from 'ava';
import { isActName } from '../../src/console/acts.js';
import { checkConsoleOptions } from '../../src/console/console-options.js';
import { readProjectFile } from '../architecture/source-tree.js';
import { readTable, rowsByName } from './tables.js';

const page = readProjectFile('docs/console.md');

test('the table of options has every option of the console with its default, and no other', (t) => {
  const rows = rowsByName(readTable(page, '| option | default | meaning |'));
  const { guard, trustedOrigins, ...defaults } = checkConsoleOptions('consoleModule', { guard: () => 'root' });
  t.deepEqual(Object.keys(rows).toSorted(), [...Object.keys(defaults), 'guard', 'trustedOrigins'].toSorted());
  t.is(typeof guard, 'function');
  t.deepEqual(trustedOrigins, []);
  for (const [name, value] of Object.entries(defaults)) t.is(rows[name]?.[0], `\`${value}\``, name);
});

test('the table of acts has every act', (t) => {
  const acts = Object.keys(rowsByName(readTable(page, '| act | effect |')));
  t.is(acts.length, 4);
  for (const act of acts) t.true(isActName(act), act);
});
