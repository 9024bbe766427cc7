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

test('every row of the table of events names an event', (t) => {
  const events = eventsOfSource();
  t.true(events.includes('limit'));
  for (const name of Object.keys(rowsByName(readTable(page, '| event | emitted when | payload |')))) {
    t.true(events.includes(name), name);
  }
});
