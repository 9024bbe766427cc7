import test from 'ava';
import { readProjectFile } from '../architecture/source-tree.js';
import { readTable, rowsByName } from './tables.js';

const page = readProjectFile('docs/events.md');

/** The names in the interface `SessionEventMap`, which exists in the source only. */
function eventsOfSource(): readonly string[] {
  const [, body = ''] =
    /interface SessionEventMap \{\n([\s\S]*?)\n\}/.exec(readProjectFile('src/events/session-events.ts')) ?? [];
  return [...body.matchAll(/^ {2}(\w+): /gm)].map(([, name = '']) => name);
}

test('the table of events has a row for each event', (t) => {
  const rows = rowsByName(readTable(page, '| event | emitted when | payload |'));
  const events = eventsOfSource();
  t.true(events.includes('limit'));
  for (const event of events) t.true(event in rows, event);
});
