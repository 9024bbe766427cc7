import test from 'ava';
import { errorStatuses } from '../../src/errors/error-statuses.js';
import { type Batch, closeReasons, SessionContext } from '../../src/index.js';
import { encodeBatch } from '../../src/requests/batch-encoding.js';
import { readPollOptions } from '../../src/requests/poll-query.js';
import { readStreamOptions } from '../../src/requests/stream-query.js';

import { readProjectFile } from '../architecture/source-tree.js';
import { pages } from './pages.js';
import { nameIn, readTable, rowsByName } from './tables.js';

const settings = readProjectFile('docs/settings.md');
const errors = readProjectFile('docs/errors.md');
const poll = readProjectFile('docs/poll.md');

test('the table of fields has every field of the context with its default, and no other', (t) => {
  const rows = rowsByName(readTable(settings, '| field | default | meaning |'));
  const stated = Object.entries(rows).map(([field, [value = '']]) => [field, value.replace(/^`(.*)`$/, '$1')]);
  const actual = Object.entries(new SessionContext()).map(([field, value]) => [field, String(value)]);
  t.deepEqual(Object.fromEntries(stated), Object.fromEntries(actual));
});

test('the table of errors has every code with its HTTP status, and no other', (t) => {
  const rows = rowsByName(readTable(errors, '| code | HTTP | when |'));
  const stated = Object.entries(rows).map(([code, [status]]) => [code, Number(status)]);
  t.deepEqual(Object.fromEntries(stated), { ...errorStatuses });
});

test('the table of close reasons has every reason with its advice and its WebSocket code, and no other', (t) => {
  const rows = rowsByName(readTable(errors, '| reason | come back | WebSocket | meaning |'));
  const stated = Object.entries(rows).map(([reason, [comeBack, code]]) => [reason, [comeBack, Number(code)]]);
  const actual = Object.entries(closeReasons).map(([reason, { reconnect, webSocketCode }]) => [
    reason,
    [reconnect ? 'yes' : 'no', webSocketCode],
  ]);
  t.deepEqual(Object.fromEntries(stated), Object.fromEntries(actual));
});

test('the table of parameters has every parameter that a poll reads, and no other', (t) => {
  const rows = rowsByName(readTable(poll, '| parameter | default | meaning |'));
  const query = { after: '', wait: '1', limit: '1', reader: 'a', another: '1' };
  t.deepEqual(Object.keys(rows).toSorted(), Object.keys(readPollOptions(query)).toSorted());
});

test('the table of parameters has every parameter that a stream reads, and no other', (t) => {
  const rows = rowsByName(readTable(readProjectFile('docs/streams.md'), '| parameter | default | meaning |'));
  const head = { method: 'GET', isEncrypted: false, ip: () => '', header: () => undefined };
  const query = { after: '', reader: 'a', ack: 'sent', wait: '1', another: '1' };
  t.deepEqual(Object.keys(rows).toSorted(), Object.keys(readStreamOptions(head, query)).toSorted());
});

test('the table of members has every member that a batch can have, and shows which members are always present', (t) => {
  const rows = rowsByName(readTable(poll, '| member | present | meaning |'));
  const least: Batch = { messages: [], cursor: 'a.0', lost: 0 };
  const most: Required<Batch> = {
    ...least,
    reset: true,
    superseded: true,
    retry: 1,
    closed: { code: 'logout', reason: '', reconnect: false },
  };
  t.deepEqual(Object.keys(rows), Object.keys(JSON.parse(encodeBatch(most))));
  const always = Object.entries(rows).flatMap(([name, [present]]) => (present === 'always' ? [name] : []));
  t.deepEqual(always, Object.keys(JSON.parse(encodeBatch(least))));
});

for (const page of pages()) {
  test(`${page}: every row of every table has as many cells as its header`, (t) => {
    const lines = readProjectFile(page).split('\n');
    lines.forEach((line, index) => {
      const isHeader = /^\|[\s:|-]+\|$/.test(lines[index + 1] ?? '') && line.startsWith('|');
      if (!isHeader) return;
      const count = (row: string) => row.replaceAll('\\|', '').split('|').length;
      for (let next = index + 2; lines[next]?.startsWith('|'); next += 1) {
        t.is(count(lines[next] ?? ''), count(line), `line ${next + 1}`);
      }
    });
    t.pass();
  });
}

const fixture = `
text

| code | HTTP | when |
|---|---|---|
| \`A\` | 409 | a |
| \`B\` | 401 | b |

| other |
`;

test('a table is read to its end, padded or not', (t) => {
  t.deepEqual(rowsByName(readTable(fixture, '| code | HTTP | when |')), { A: ['409', 'a'], B: ['401', 'b'] });
  const padded = '| code | HTTP | when    |\n| ---- | ---- | ------- |\n| `A`  | 409  | a b     |';
  t.deepEqual(rowsByName(readTable(padded, '| code | HTTP | when |')), { A: ['409', 'a b'] });
});

test('a table that is missing, occurs twice or has a name twice is an error', (t) => {
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
