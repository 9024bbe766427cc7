import test from 'ava';
import { eventually } from '../../../support/eventually.js';
import { RedisProxy } from '../../../support/redis-proxy.js';
import { serverFor } from '../places.js';
import { insertOne, openStore, refusalOf, retained } from '../replicas/replicated-stage.js';
import { app, outgoing } from '../workload.js';

const server = serverFor(test);

test('a call whose answer is lost fails as unsure; a call that is refused or not sent fails without unsure', async (t) => {
  const { port, client } = server();
  const proxy = await RedisProxy.start(port);
  t.teardown(() => proxy.close());
  const store = await openStore(t, { url: proxy.url });
  const id = await insertOne(store);
  proxy.holdReplies();
  const lost = refusalOf(store.append(app, id, outgoing('hi')));
  await eventually(() => proxy.isHolding, { what: 'the server has answered' });
  proxy.breakConnections();
  t.deepEqual((await lost).details, { unsure: true });
  const unsent = await refusalOf(store.append(app, id, outgoing('not sent')));
  t.regex(unsent.message, /not connected/);
  t.deepEqual(unsent.details, {});
  proxy.releaseReplies();
  await eventually(async () => (await store.get(app, id).catch(() => undefined)) !== undefined);
  await client.config('SET', 'maxmemory', '1');
  t.teardown(() => client.config('SET', 'maxmemory', '0'));
  const refused = await refusalOf(store.append(app, id, outgoing('refused')));
  t.regex(refused.message, /OOM/);
  t.deepEqual(refused.details, {});
  await client.config('SET', 'maxmemory', '0');
  t.deepEqual(await retained(store, id), ['hi']);
});
