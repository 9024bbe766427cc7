import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import { SessionContext } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { RedisStore } from '../../../src/stores/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisProxy } from '../../support/redis-proxy.js';
import { freshPrefix } from './exact-clock.js';
import { serverFor } from './places.js';
import { app, newSession, outgoing } from './workload.js';

const server = serverFor(test);

test('pushes that are not awaited stay in order while a server that lost the scripts receives them again', async (t) => {
  const { client, port } = server();
  const proxy = await RedisProxy.start(port);
  t.teardown(() => proxy.close());
  const store = new RedisStore(new SessionContext(), { url: proxy.url, keyPrefix: freshPrefix() });
  await store.open(noListener);
  t.teardown(() => store.close());
  const session = newSession(store, 'alice');
  await store.insert(session);
  const { id } = session;
  const pushes: Promise<unknown>[] = [];
  const push = async (value: number) => {
    const before = proxy.heldReplies;
    pushes.push(store.append(app, id, outgoing(value)));
    await eventually(() => proxy.heldReplies > before);
  };
  await client.script('FLUSH');
  proxy.holdReplies();
  await push(1);
  await push(2);
  // The store sends the first push again with the text of the scripts. The second one is refused, too, but the store does
  // not know that yet.
  proxy.releaseFirstReply();
  await eventually(() => proxy.heldReplies === 2);
  pushes.push(store.append(app, id, outgoing(3)));
  // The third push must not be sent yet, which no event can show.
  await wait(100);
  proxy.releaseReplies();
  await Promise.all(pushes);
  const request = {
    reader: 'r',
    after: '',
    limit: 9,
    wait: 0,
    secretHash: undefined,
    generation: undefined,
    ticket: 1,
  } as const;
  const { messages } = await store.read(app, id, request);
  t.deepEqual(
    messages.map(({ json }) => json),
    ['1', '2', '3'],
  );
});
