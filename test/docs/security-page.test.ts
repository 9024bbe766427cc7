import { existsSync, readdirSync } from 'node:fs';
import test from 'ava';
import { projectPath, readProjectFile } from '../architecture/source-tree.js';
import { readTable } from './tables.js';

const page = readProjectFile('docs/security.md');
const paths = [...page.matchAll(/`((?:src|test)\/[^`]+)`/g)].map(([, path = '']) => path);

test('every path that the page of security names exists', (t) => {
  t.true(paths.length > 40, String(paths.length));
  for (const path of paths) t.true(existsSync(projectPath(path)), path);
});

test('every test of an attack has a row with the defence that it tests', (t) => {
  const rows = readTable(page, '| attack | defence | shown by |');
  const shown = rows.map(([, , by = '']) => by).join(' ');
  for (const file of readdirSync(projectPath('test/hardening'))) {
    if (file.endsWith('.test.ts')) t.true(shown.includes(`\`test/hardening/${file}\``), file);
  }
  for (const [attack, defence, by] of rows) t.true(defence !== '' && by?.includes('`test/'), attack);
});

test('every requirement of ASVS 5.0 on sessions, cookies and WebSockets has one row without empty cells', (t) => {
  const counts = { '7.1': 3, '7.2': 4, '7.3': 2, '7.4': 5, '7.5': 3, '7.6': 2, '3.3': 5, '4.4': 4 };
  const expected = Object.entries(counts).flatMap(([section, count]) =>
    Array.from({ length: count }, (_each, index) => `${section}.${index + 1}`),
  );
  const rows = page.split('\n').filter((line) => /^\| \d\.\d\.\d \|/.test(line));
  t.deepEqual(
    rows.map((line) => line.split('|')[1]?.trim()),
    expected,
  );
  for (const line of rows) {
    const cells = line.split('|').slice(1, -1);
    t.is(cells.length, 4, line);
    t.true(
      cells.every((cell) => cell.trim() !== ''),
      line,
    );
  }
});
