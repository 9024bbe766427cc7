import test from 'ava';
import { eventChannels } from '../../src/events/event-channels.js';
import { diagnostics } from '../../src/measures/diagnostics.js';
import { readProjectFile } from '../architecture/source-tree.js';
import { readTable, rowsByName } from './tables.js';

const page = readProjectFile('docs/events.md');

/** Returns the names in the interface `SessionEventMap`, which exists in the source only. */
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

test('the table of channels has every channel that is published, and no other', (t) => {
  const rows = rowsByName(readTable(page, '| channel | published when | message |'));
  const channels = [...Object.values(eventChannels), ...Object.values(diagnostics)].map(({ name }) => name);
  t.deepEqual(Object.keys(rows).toSorted(), [...channels, 'tracing:session-mailbox:store'].toSorted());
  t.deepEqual(Object.keys(eventChannels).toSorted(), [...eventsOfSource()].toSorted());
});

test('the table of channels has every field of a message that only channels have', (t) => {
  const rows = rowsByName(readTable(page, '| channel | published when | message |'));
  const source = readProjectFile('src/measures/diagnostics.ts');
  const fieldsOf = (name: string): readonly string[] => {
    const pattern = new RegExp(`interface ${name}(?: extends (\\w+))? \\{\\n([\\s\\S]*?)\\n\\}`);
    const [, base, body = ''] = pattern.exec(source) ?? [];
    const own = [...body.matchAll(/^ {2}readonly (\w+): /gm)].map(([, field = '']) => field);
    return base === undefined ? own : [...fieldsOf(base), ...own];
  };
  for (const [, payload = '', channel = ''] of source.matchAll(/new DiagnosticsChannel<(\w+)>\('([\w.]+)'\)/g)) {
    const fields = fieldsOf(payload);
    t.true(fields.length > 0, payload);
    const [, message = ''] = rows[`session-mailbox:${channel}`] ?? [];
    for (const field of fields) t.true(message.includes(`\`${field}\``), `${channel} ${field}`);
  }
});
