import { readdirSync } from 'node:fs';
import test from 'ava';
import { projectPath, readProjectFile } from '../architecture/source-tree.js';
import { readTable, rowsByName } from './tables.js';

const page = readProjectFile('CONTRIBUTING.md');
const { scripts } = JSON.parse(readProjectFile('package.json'));

/** Whether a script runs the product, or is run by npm itself. Such scripts need no row. */
const isOfProduct = (script: string) => /^(?:start|serve|prepack)/.test(script);
/** Replaces the name of any benchmark by the one benchmark in the table. `bench/README.md` lists all of them. */
const oneForAll = (script: string) => (script.startsWith('bench:') ? 'bench:sessions' : script);

test('the table of commands has every script of package.json for developers, and no other', (t) => {
  const commands = Object.keys(rowsByName(readTable(page, '| command | what it does |')));
  const named = commands.flatMap((command) => /^npm (?:run )?([\w:]+)/.exec(command)?.[1] ?? []);
  const developing = Object.keys(scripts).filter((script) => !isOfProduct(script));
  t.deepEqual(named.toSorted(), [...new Set(developing.map(oneForAll))].toSorted());
});

test('the table of folders has every folder of the source', (t) => {
  const table = readTable(page, '| folder | contents |').flat().join(' ');
  for (const { name } of readdirSync(projectPath('src'), { withFileTypes: true }).filter((each) => each.isDirectory()))
    t.true(table.includes(`\`src/${name}\``) || table.includes(`\`src/${name}/`), name);
});
