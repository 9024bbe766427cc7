import test from 'ava';
import { readProjectFile } from '../architecture/source-tree.js';
import { linkFaults, nodeFaults } from '../torture/faults.js';
import { storeNames } from '../torture/stages/open-stage.js';
import { readTable, rowsByName } from './tables.js';

const page = readProjectFile('docs/reliability.md');

const stores = '| store | what it runs on |';
const runs = '| store | minutes | seed | acknowledged | delivered | told | tokens came back | faults | violations |';

test('the tables of stores and of runs have every store that the tool supports, and no other', (t) => {
  for (const header of [stores, runs]) t.deepEqual(Object.keys(rowsByName(readTable(page, header))), [...storeNames]);
});

test('the table of faults names every fault of nodes and of connections', (t) => {
  const own = nodeFaults(true).map(({ name }) => name);
  const links = linkFaults('x', () => []).map(({ name }) => name.replace('x: ', ''));
  for (const name of [...own, ...links]) t.true(page.includes(`\`${name}\``), name);
});
