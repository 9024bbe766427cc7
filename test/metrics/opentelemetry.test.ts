import { AggregationTemporality, MeterProvider, MetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import test, { type ExecutionContext } from 'ava';
import { numberMeasures, storeMeasures } from '../../src/metrics/measure-table.js';
import { metrics } from '../../src/metrics/opentelemetry.js';
import { startService } from '../support/service.js';

/** A reader that collects only on request. */
class Reader extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
  }

  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

function startReader(t: ExecutionContext) {
  const reader = new Reader();
  const provider = new MeterProvider({ readers: [reader] });
  t.teardown(() => provider.shutdown());
  const collect = async () => valuesOf((await reader.collect()).resourceMetrics);
  return { meter: provider.getMeter('test'), collect };
}

/** Returns values by the name of the metric and its label. For a histogram, the number of its values. */
function valuesOf({ scopeMetrics }: ResourceMetrics): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const { metrics: all } of scopeMetrics) {
    for (const { descriptor, dataPoints } of all) {
      for (const { attributes, value } of dataPoints) {
        const label = Object.entries(attributes).map(([name, kind]) => `{${name}=${kind}}`);
        values.set(`${descriptor.name}${label}`, typeof value === 'number' ? value : value.count);
      }
    }
  }
  return values;
}

test('a collection contains what the node did, by kind', async (t) => {
  const { manager } = await startService(t);
  const { meter, collect } = startReader(t);
  metrics(manager, { meter });
  const { id } = await manager.createSession('alice');
  await manager.push(id, 'hi');
  await manager.poll(id, { after: '' });
  await manager.closeSession(id);
  const values = await collect();
  t.is(values.get('session_mailbox.sessions_created'), 1);
  t.is(values.get('session_mailbox.sessions_closed{reason=revoked}'), 1);
  t.is(values.get('session_mailbox.messages_pushed{outcome=accepted}'), 1);
  t.is(values.get('session_mailbox.delivered{transport=poll}'), 4);
  t.is(values.get('session_mailbox.store_up'), 1);
  t.is(values.get('session_mailbox.delivery_latency{way=read}'), 1);
  t.is(values.get('session_mailbox.store_call_duration{operation=append}'), 1);
});

test('every number of the table is collected', async (t) => {
  const { manager } = await startService(t);
  const { meter, collect } = startReader(t);
  metrics(manager, { meter });
  const names = [...(await collect()).keys()].map((name) => name.replace(/\{.*$/, ''));
  for (const { name } of [...numberMeasures, ...storeMeasures]) t.true(names.includes(`session_mailbox.${name}`), name);
});

test('the number of sessions is collected', async (t) => {
  const { manager } = await startService(t);
  const { meter, collect } = startReader(t);
  metrics(manager, { meter });
  await manager.createSession('alice');
  const values = await collect();
  t.is(values.get('session_mailbox.sessions'), 1);
  t.is(values.get('session_mailbox.sessions_by_presence{presence=online}'), 1);
  t.is(values.get('session_mailbox.sessions_by_presence{presence=away}'), 0);
});

test('while the store can not be asked, the number of sessions is not observed, but everything else is', async (t) => {
  const { manager, container } = await startService(t);
  const { meter, collect } = startReader(t);
  metrics(manager, { meter });
  await container.unbindAllAsync();
  // Must be the first collection, because the SDK repeats a value that was observed once.
  const values = await collect();
  t.false(values.has('session_mailbox.sessions'));
  t.false(values.has('session_mailbox.sessions_by_presence{presence=online}'));
  t.is(values.get('session_mailbox.store_up'), 0);
  t.is(values.get('session_mailbox.sessions_created'), 0);
});

test('nothing is collected after the reading has ended', async (t) => {
  const { manager } = await startService(t);
  const { meter, collect } = startReader(t);
  const end = metrics(manager, { meter });
  await manager.createSession('alice');
  end();
  t.is((await collect()).get('session_mailbox.sessions_created'), undefined);
});

test('without a meter the global meter is used, which does nothing until the application sets a provider', async (t) => {
  const { manager } = await startService(t);
  const end = metrics(manager);
  await manager.createSession('alice');
  t.notThrows(end);
});
