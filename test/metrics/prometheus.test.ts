import test from 'ava';
import { Gauge, Registry, register } from 'prom-client';
import { SessionError } from '../../src/index.js';
import { metrics } from '../../src/metrics/prometheus.js';
import { FaultyStore } from '../service/faulty-store.js';
import { bindStore, startService } from '../support/service.js';

/** Returns the samples of a scrape, by name and labels. */
async function scrape(registry: Registry): Promise<ReadonlyMap<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const cut = line.lastIndexOf(' ');
      return [line.slice(0, cut), Number(line.slice(cut + 1))];
    }),
  );
}

test('a scrape contains what the node did, by kind', async (t) => {
  const { manager } = await startService(t);
  const registry = new Registry();
  metrics(manager, { registry });
  const { id } = await manager.createSession('alice');
  await manager.push(id, 'hi');
  await manager.poll(id, { after: '' });
  await manager.closeSession(id);
  const samples = await scrape(registry);
  t.is(samples.get('session_mailbox_sessions_created_total'), 1);
  t.is(samples.get('session_mailbox_sessions_closed_total{reason="revoked"}'), 1);
  t.is(samples.get('session_mailbox_sessions_closed_total{reason="expired"}'), 0);
  t.is(samples.get('session_mailbox_messages_pushed_total{outcome="accepted"}'), 1);
  t.is(samples.get('session_mailbox_pushed_bytes_total'), 4);
  t.is(samples.get('session_mailbox_delivered_bytes_total{transport="poll"}'), 4);
  t.is(samples.get('session_mailbox_polls_held'), 0);
  t.is(samples.get('session_mailbox_store_up'), 1);
  t.is(samples.get('session_mailbox_delivery_latency_seconds_count{way="read"}'), 1);
  t.is(samples.get('session_mailbox_store_call_duration_seconds_count{operation="append"}'), 1);
});

test('a counter has the same value in two scrapes if nothing happened in between', async (t) => {
  const { manager } = await startService(t);
  const registry = new Registry();
  metrics(manager, { registry });
  await manager.createSession('alice');
  await scrape(registry);
  t.is((await scrape(registry)).get('session_mailbox_sessions_created_total'), 1);
});

test('only the sessions of the app of the manager are counted', async (t) => {
  const { manager } = await startService(t);
  const registry = new Registry();
  metrics(manager, { registry });
  for (const accountId of ['alice', 'alice', 'bob']) await manager.createSession(accountId);
  await manager.inApp('other').createSession('carol');
  t.is((await scrape(registry)).get('session_mailbox_sessions'), 3);
});

test('the sessions of all apps are counted by the presence that the events have reported', async (t) => {
  const { manager, clock } = await startService(t, { hbTime: 100, hbGrace: 1_000 });
  const registry = new Registry();
  metrics(manager, { registry });
  const { id } = await manager.createSession('alice');
  await manager.inApp('other').createSession('bob');
  const presence = async () => {
    const samples = await scrape(registry);
    return ['online', 'away'].map((each) => samples.get(`session_mailbox_sessions_by_presence{presence="${each}"}`));
  };
  t.deepEqual(await presence(), [2, 0]);
  await clock.advance(5_000);
  t.deepEqual(await presence(), [0, 2]);
  await manager.renewSession(id);
  await clock.advance(500);
  t.deepEqual(await presence(), [0, 2], 'counted less than five seconds ago');
  await clock.advance(4_500);
  await manager.renewSession(id);
  t.deepEqual(await presence(), [1, 1]);
});

test('sessions are counted at most every five seconds, no matter how many scrapes there are', async (t) => {
  const { manager, clock } = await startService(t);
  const registry = new Registry();
  metrics(manager, { registry });
  const counts = async () =>
    (await scrape(registry)).get('session_mailbox_store_call_duration_seconds_count{operation="countSessions"}');
  await Promise.all(Array.from({ length: 10 }, () => scrape(registry)));
  t.is(await counts(), 1);
  await clock.advance(4_999);
  await manager.createSession('alice');
  t.is((await scrape(registry)).get('session_mailbox_sessions'), 0);
  t.is(await counts(), 1);
  await clock.advance(1);
  t.is((await scrape(registry)).get('session_mailbox_sessions'), 1);
  t.is(await counts(), 2);
});

test('while the store is unavailable, the scrape omits the number of sessions', async (t) => {
  let store: FaultyStore | undefined;
  const binding = bindStore((context, clock) => {
    store = new FaultyStore(context, clock);
    return store;
  });
  const { manager, clock } = await startService(t, {}, { store: binding });
  const registry = new Registry();
  metrics(manager, { registry });
  await manager.createSession('alice');
  t.is((await scrape(registry)).get('session_mailbox_sessions'), 1);
  await clock.advance(5_000);
  if (store !== undefined) store.countFault = new SessionError('STORE_UNAVAILABLE', 'The store is away', {});
  const samples = await scrape(registry);
  t.false(samples.has('session_mailbox_sessions'));
  t.deepEqual(
    [...samples.keys()].filter((name) => name.startsWith('session_mailbox_sessions_by_presence')),
    [],
  );
  t.is(samples.get('session_mailbox_sessions_created_total'), 1);
  if (store !== undefined) store.countFault = undefined;
  t.is((await scrape(registry)).get('session_mailbox_sessions'), 1);
});

test('no metric has a label that a client chooses', async (t) => {
  const { manager } = await startService(t);
  const registry = new Registry();
  metrics(manager, { registry });
  const { id } = await manager.inApp('chosen-app').createSession('chosen-account');
  await manager.inApp('chosen-app').push(id, 'hi', { key: 'chosen-key' });
  await manager.inApp('chosen-app').poll(id, { after: '', reader: 'chosen-reader' });
  const text = await registry.metrics();
  t.notRegex(text, /chosen/);
  t.false(text.includes(id));
});

test('with a manager that no longer answers, the scrape is still complete', async (t) => {
  const { manager, container } = await startService(t);
  const registry = new Registry();
  metrics(manager, { registry });
  await container.unbindAllAsync();
  const samples = await scrape(registry);
  t.is(samples.get('session_mailbox_store_up'), 0);
  t.is(samples.get('session_mailbox_draining'), 1);
});

test('the metrics are registered globally by default, until they are removed', async (t) => {
  const { manager } = await startService(t);
  const remove = metrics(manager);
  t.true((await scrape(register)).has('session_mailbox_store_up'));
  remove();
  t.is((await scrape(register)).size, 0);
  metrics(manager)();
});

test('with storeCalls: false the methods of the store are not replaced', async (t) => {
  let store: FaultyStore | undefined;
  const binding = bindStore((context, clock) => {
    store = new FaultyStore(context, clock);
    return store;
  });
  const { manager } = await startService(t, {}, { store: binding });
  const registry = new Registry();
  metrics(manager, { registry, storeCalls: false })();
  t.false(Object.hasOwn(store ?? {}, 'append'));
  metrics(manager, { registry });
  t.true(Object.hasOwn(store ?? {}, 'append'));
});

test('an unknown option is refused', async (t) => {
  const { manager } = await startService(t);
  const error = t.throws(() => metrics(manager, { register: new Registry() } as object));
  t.regex(error?.message ?? '', /metrics: .*register.*registry/);
});

test('if the registry has one of the names, no metric is registered, and a later call registers all', async (t) => {
  const { manager } = await startService(t);
  for (const name of ['session_mailbox_store_up', 'session_mailbox_store_call_duration_seconds']) {
    const registry = new Registry();
    const other = new Gauge({ name, help: 'of the application', registers: [registry] });
    other.set(7);
    t.throws(() => metrics(manager, { registry }), { message: new RegExp(name) });
    t.deepEqual(await scrape(registry), new Map([[name, 7]]));
    registry.removeSingleMetric(name);
    const remove = metrics(manager, { registry });
    t.true((await scrape(registry)).has('session_mailbox_store_up'));
    remove();
    t.is((await scrape(registry)).size, 0);
  }
});
