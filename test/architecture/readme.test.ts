import test from 'ava';
import { closeReasons, SessionContext } from '../../src/index.js';
import { errorStatuses } from '../../src/requests/problem.js';
import { nameIn, readTable, rowsByName } from './readme-tables.js';
import { readProjectFile } from './source-tree.js';

const readme = readProjectFile('README.md');

test('the table of fields has every field of the context with its default, and no other', (t) => {
  const rows = rowsByName(readTable(readme, '| field | default | meaning |'));
  const stated = Object.entries(rows).map(([field, [value = '']]) => [field, value.replace(/^`(.*)`$/, '$1')]);
  const actual = Object.entries(new SessionContext()).map(([field, value]) => [field, String(value)]);
  t.deepEqual(Object.fromEntries(stated), Object.fromEntries(actual));
});

test('the table of errors has every code with its HTTP status, and no other', (t) => {
  const rows = rowsByName(readTable(readme, '| code | HTTP | when |'));
  const stated = Object.entries(rows).map(([code, [status]]) => [code, Number(status)]);
  t.deepEqual(Object.fromEntries(stated), { ...errorStatuses });
});

test('the table of close reasons has every reason with its advice and its WebSocket code, and no other', (t) => {
  const rows = rowsByName(readTable(readme, '| reason | come back | WebSocket | meaning |'));
  const stated = Object.entries(rows).map(([reason, [comeBack, code]]) => [reason, [comeBack, Number(code)]]);
  const actual = Object.entries(closeReasons).map(([reason, { reconnect, webSocketCode }]) => [
    reason,
    [reconnect ? 'yes' : 'no', webSocketCode],
  ]);
  t.deepEqual(Object.fromEntries(stated), Object.fromEntries(actual));
});

test('every row says what it means', (t) => {
  for (const header of [
    '| field | default | meaning |',
    '| code | HTTP | when |',
    '| reason | come back | WebSocket | meaning |',
  ]) {
    const columns = header.split('|').length - 2;
    for (const row of readTable(readme, header)) {
      t.is(row.length, columns, row[0]);
      t.true(
        row.every((cell) => cell !== ''),
        row[0],
      );
    }
  }
});

const fixture = `
text

| code | HTTP | when |
|---|---|---|
| \`A\` | 409 | a |
| \`B\` | 401 | b |

| other |
`;

test('a table is read up to its end, padded or not', (t) => {
  t.deepEqual(rowsByName(readTable(fixture, '| code | HTTP | when |')), { A: ['409', 'a'], B: ['401', 'b'] });
  const padded = '| code | HTTP | when    |\n| ---- | ---- | ------- |\n| `A`  | 409  | a b     |';
  t.deepEqual(rowsByName(readTable(padded, '| code | HTTP | when |')), { A: ['409', 'a b'] });
});

test('a table that is missing, stands twice or names a thing twice is a fault', (t) => {
  t.throws(() => readTable(fixture, '| field | default | meaning |'), { message: /no table/ });
  t.throws(() => readTable(fixture + fixture, '| code | HTTP | when |'), { message: /two tables/ });
  t.throws(
    () =>
      rowsByName([
        ['`A`', '1'],
        ['`A`', '2'],
      ]),
    { message: /twice/ },
  );
  t.throws(() => nameIn('A'), { message: /backticks/ });
});
