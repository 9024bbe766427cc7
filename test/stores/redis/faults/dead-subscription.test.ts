import test, { type ExecutionContext } from 'ava';
import { SessionContext } from '../../../../src/index.js';
import { noListener } from '../../../../src/store/no-listener.js';
import { RedisStore, type RedisStoreOptions } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import { RedisProxy } from '../../../support/redis-proxy.js';
import { freshPrefix } from '../exact-clock.js';
import { serverFor } from '../places.js';
import { request } from '../replicas/replicated-stage.js';
import { app, newSession, outgoing } from '../workload.js';

const server = serverFor(test);

async function open(t: ExecutionContext, options: RedisStoreOptions): Promise<RedisStore> {
  const store = new RedisStore(new SessionContext(), options);
  await store.open(noListener);
  t.teardown(() => store.close());
  return store;
}

/** Opens two stores, the second one through a proxy. */
async function start(t: ExecutionContext) {
  const proxy = await RedisProxy.start(server().port);
  t.teardown(() => proxy.close());
  const keyPrefix = freshPrefix();
  const redis = { host: '127.0.0.1', port: proxy.port, commandTimeout: 1_000 };
  const one = await open(t, { url: server().url, keyPrefix });
  return { proxy, one, other: await open(t, { redis, keyPrefix }) };
}

test('a watcher is told that its connection is dead although it seems open, and then hears of changes again', async (t) => {
  const { proxy, one, other } = await start(t);
  const heard: string[] = [];
  await other.watchChanges({
    changed: (_app, id, { kind }) => heard.push(`${kind} ${id}`),
    interrupted: () => heard.push('interrupted'),
    resumed: () => heard.push('resumed'),
  });
  const session = newSession(one, 'alice');
  await one.insert(session);
  await eventually(() => heard.includes(`created ${session.id}`));
  proxy.silenceSubscribers();
  await one.patch(app, session.id, { a: '2' });
  await eventually(() => heard.includes('resumed'), { what: 'the watcher is told' });
  await one.end(app, session.id, 'logout');
  await eventually(() => heard.includes(`closed ${session.id}`));
  t.deepEqual(heard, [`created ${session.id}`, 'interrupted', 'resumed', `closed ${session.id}`]);
});

test('a node whose subscription is dead although it seems open subscribes again once a notice did not arrive', async (t) => {
  const { proxy, one, other } = await start(t);
  const session = newSession(one, 'alice');
  await one.insert(session);
  const { parked } = await other.read(app, session.id, request({ wait: 60_000 }));
  t.true(parked);
  proxy.silenceSubscribers();
  await one.append(app, session.id, outgoing('hi'));
  const subscriptions = () => proxy.requests.filter(({ command }) => command === 'SUBSCRIBE').length;
  // One is lost with the dead connection.
  await eventually(() => subscriptions() === 3, { what: 'the node subscribes again' });
});
