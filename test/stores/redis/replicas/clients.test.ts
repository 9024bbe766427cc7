import test from 'ava';
import { Redis } from 'ioredis';
import { eventually } from '../../../support/eventually.js';
import { RedisProxy } from '../../../support/redis-proxy.js';
import { testConnectionName } from '../../../support/redis-server.js';
import { ReplicaPair } from '../faults/replica-pair.js';
import { app, outgoing } from '../workload.js';
import { insertOne, isBlocked, openStore, pause, refusalOf, retained } from './replicated-stage.js';

const patient = { count: 1, timeout: 60_000 };

/** Returns the number of connections of clients, without those of the test. */
async function connections(pair: ReplicaPair): Promise<number> {
  const list = String(await pair.master.client.client('LIST'));
  const isClients = (line: string) =>
    line !== '' && !/ flags=S /.test(line) && !line.includes(`name=${testConnectionName}`);
  return list.split('\n').filter(isClients).length;
}

test('a client of the application is not blocked by the waits, and a push that it would resend is not sent again', async (t) => {
  const pair = await ReplicaPair.start(t);
  const proxy = await RedisProxy.start(pair.master.port);
  t.teardown(() => proxy.close());
  // The default of ioredis: it resends the commands in progress when its connection breaks.
  const client = new Redis(proxy.url, { retryStrategy: () => 10 });
  client.on('error', () => {});
  t.teardown(() => client.disconnect());
  const store = await openStore(t, { client, replicas: patient });
  const id = await insertOne(store);
  const goOn = await pause(pair.replica);
  const unsure = refusalOf(store.append(app, id, outgoing('once')));
  await isBlocked(pair.master);
  t.is(await client.ping(), 'PONG');
  proxy.breakConnections();
  t.true((await unsure).details.unsure);
  goOn();
  const push = () =>
    store.append(app, id, outgoing('next')).then(
      () => true,
      () => false,
    );
  await eventually(push, { what: 'it is connected again' });
  t.deepEqual(await retained(store, id), ['once', 'next']);
});

test('close ends the connection for writes as well, and waits for the calls in progress', async (t) => {
  const pair = await ReplicaPair.start(t);
  const store = await openStore(t, { url: pair.master.url, replicas: patient });
  t.is(await connections(pair), 3, 'for reads, for writes, to listen');
  const id = await insertOne(store);
  const pushes = Array.from({ length: 10 }, (_each, number) => store.append(app, id, outgoing(number)));
  await store.close();
  await t.notThrowsAsync(Promise.all(pushes));
  await eventually(async () => (await connections(pair)) === 0);
});
