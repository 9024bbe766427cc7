import test from 'ava';
import { eventually } from '../../../support/eventually.js';
import { RedisProxy } from '../../../support/redis-proxy.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { freshPrefix } from '../exact-clock.js';
import { serverFor } from '../places.js';

const server = serverFor(test);

/** The first bytes of a message to a subscriber. No other reply starts with them. */
const notice = /^[*>]3\r\n\$7\r\nmessage\r\n/;

test('a poll is answered although the node’s new subscription receives no notices', async (t) => {
  let dropsNotices = false;
  const proxy = await RedisProxy.start(Number(new URL(server().url).port), (reply) =>
    dropsNotices && notice.test(reply.toString('latin1')) ? Buffer.alloc(0) : reply,
  );
  t.teardown(() => proxy.close());
  const settings = { context: { pollTime: 120_000 }, options: { keyPrefix: freshPrefix() } };
  const [one, other] = await Promise.all([
    ServiceProcess.start(t, { ...settings, options: { ...settings.options, url: server().url } }),
    ServiceProcess.start(t, { ...settings, options: { ...settings.options, url: proxy.url } }),
  ]);
  const { id, token } = await one.do('create', 'alice');
  const held = await other.hold(id, 'default', 120_000);
  dropsNotices = true;
  const subscriptions = () => proxy.requests.filter(({ command }) => command === 'SUBSCRIBE').length;
  const before = subscriptions();
  proxy.breakConnections();
  await eventually(() => subscriptions() > before, { what: 'the node subscribes again' });
  await eventually(() =>
    other.do('authenticate', token).then(
      () => true,
      () => false,
    ),
  );
  t.false(held.isOver);
  // The first round is before the next heartbeat, the second round after it.
  for (const [round, poll] of [held, undefined].entries()) {
    const { isOver, batch } = poll ?? (await other.hold(id, 'default', 120_000));
    t.false(isOver);
    await one.do('push', id, round);
    const { messages, lost } = await batch;
    t.deepEqual([messages.at(-1)?.data, lost], [round, 0]);
  }
});
