import test from 'ava';
import { Registry } from 'prom-client';
import { durationMeasures, numberMeasures, prefix, storeMeasures } from '../../src/metrics/measure-table.js';
import { metrics, prometheusName } from '../../src/metrics/prometheus.js';
import { readProjectFile } from '../architecture/source-tree.js';
import { startService } from '../support/service.js';
import { readTable, rowsByName } from './tables.js';

const page = readProjectFile('docs/metrics.md');
const rows = rowsByName(readTable(page, '| metric | label | kind | meaning |'));

test('the table of metrics has every metric with its kind, and no other', async (t) => {
  const { manager } = await startService(t);
  const registry = new Registry();
  metrics(manager, { registry });
  const types = [...(await registry.metrics()).matchAll(/^# TYPE (\w+) (\w+)$/gm)];
  const stated = Object.entries(rows).map(([name, [, kind]]) => [name, kind]);
  t.deepEqual(Object.fromEntries(stated), Object.fromEntries(types.map(([, name, kind]) => [name, kind])));
});

test('the table of metrics has the label of each metric', (t) => {
  const stated = Object.entries(rows).map(([name, [label]]) => [name, label]);
  const actual = [
    ...numberMeasures.map((measure) => [prometheusName(measure), measure.label] as const),
    ...durationMeasures.map(({ name, label }) => [`${prefix}_${name}_seconds`, label] as const),
    ...storeMeasures.map(({ name, label }) => [`${prefix}_${name}`, label] as const),
  ].map(([name, label]) => [name, label === undefined ? '' : `\`${label}\``]);
  t.deepEqual(Object.fromEntries(stated), Object.fromEntries(actual));
});
