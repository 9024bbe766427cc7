import test from 'ava';
import { eventually } from '../../../support/eventually.js';
import { RedisProxy } from '../../../support/redis-proxy.js';
import { createSpread, idsIn, idsInAll, newEventLog } from '../../nodes/event-log.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { freshPrefix } from '../exact-clock.js';
import { serverFor, sharedClusterFor } from '../places.js';

const server = serverFor(test);
const cluster = sharedClusterFor(test);

test('what a node had taken and not told when it was killed is told by another, once', async (t) => {
  const { url, port } = server();
  const proxy = await RedisProxy.start(port);
  t.teardown(() => proxy.close());
  const keyPrefix = freshPrefix();
  const eventLogs = Array.from({ length: 3 }, () => newEventLog(t));
  const context = { gcTime: 1_500, gcInterval: 50 };
  const victim = await ServiceProcess.start(t, {
    context,
    options: { url: proxy.url, keyPrefix },
    eventLog: eventLogs[0] ?? '',
  });
  const ids = await createSpread([victim], 500);
  // From here on the server does what it is asked, and the node never hears of it.
  proxy.holdReplies((reply) => ids.some((id) => reply.includes(id)));
  await eventually(() => proxy.isHolding, { what: 'a sweep has taken sessions' });
  await victim.kill();
  t.deepEqual(await idsIn(eventLogs[0] ?? ''), []);
  const survivors = eventLogs
    .slice(1)
    .map((eventLog) => ServiceProcess.start(t, { context, options: { url, keyPrefix }, eventLog }));
  await Promise.all(survivors);
  await eventually(async () => (await idsInAll(eventLogs)).length >= ids.length, { patience: 40_000 });
  t.deepEqual((await idsInAll(eventLogs)).toSorted(), ids.toSorted());
});

test('what a node had taken when its connection broke is told all the same, once', async (t) => {
  const proxy = await RedisProxy.start(server().port);
  t.teardown(() => proxy.close());
  const eventLog = newEventLog(t);
  const context = { gcTime: 1_500, gcInterval: 50 };
  const node = await ServiceProcess.start(t, {
    context,
    options: { url: proxy.url, keyPrefix: freshPrefix() },
    eventLog,
  });
  const ids = await createSpread([node], 500);
  proxy.holdReplies((reply) => ids.some((id) => reply.includes(id)));
  await eventually(() => proxy.isHolding, { what: 'a sweep has taken sessions' });
  proxy.breakConnections();
  proxy.letRepliesGo();
  await eventually(async () => (await idsIn(eventLog)).length >= ids.length, { patience: 40_000 });
  t.deepEqual((await idsIn(eventLog)).toSorted(), ids.toSorted());
});

test('what a node had taken when the server answered too late is told all the same, once', async (t) => {
  const proxy = await RedisProxy.start(server().port);
  t.teardown(() => proxy.close());
  const eventLog = newEventLog(t);
  const context = { gcTime: 1_500, gcInterval: 50 };
  const options = { redis: { host: '127.0.0.1', port: proxy.port, commandTimeout: 300 }, keyPrefix: freshPrefix() };
  const node = await ServiceProcess.start(t, { context, options, eventLog });
  const ids = await createSpread([node], 500);
  proxy.holdReplies((reply) => ids.some((id) => reply.includes(id)));
  await eventually(() => proxy.isHolding, { what: 'a sweep has taken sessions' });
  await t.throwsAsync(node.do('sessionsOfAccount', 'alice'), { code: 'STORE_UNAVAILABLE' });
  t.deepEqual(await idsIn(eventLog), []);
  proxy.letRepliesGo();
  await eventually(async () => (await idsIn(eventLog)).length >= ids.length, { patience: 40_000 });
  t.deepEqual((await idsIn(eventLog)).toSorted(), ids.toSorted());
});

test('what one master of a Cluster gave up is told though the answer of another is lost', async (t) => {
  const { nodes: masters } = cluster();
  const proxies = await Promise.all(masters.map(({ port }) => RedisProxy.start(port)));
  t.teardown(() => Promise.all(proxies.map((proxy) => proxy.close())));
  const natMap = Object.fromEntries(
    masters.map(({ port }, index) => [`127.0.0.1:${port}`, { host: '127.0.0.1', port: proxies[index]?.port ?? 0 }]),
  );
  const nodes = proxies.map(({ port }) => ({ host: '127.0.0.1', port }));
  const eventLog = newEventLog(t);
  const context = { gcTime: 3_000, gcInterval: 50 };
  const options = { cluster: { nodes, options: { natMap } }, keyPrefix: freshPrefix() };
  const node = await ServiceProcess.start(t, { context, options, eventLog });
  const ids = await createSpread([node], 600);
  const [failing] = proxies;
  failing?.holdReplies((reply) => ids.some((id) => reply.includes(id)));
  await eventually(() => failing?.isHolding === true, { what: 'a sweep has taken sessions' });
  failing?.breakConnections();
  failing?.letRepliesGo();
  await eventually(async () => (await idsIn(eventLog)).length >= ids.length, { patience: 40_000 });
  t.deepEqual((await idsIn(eventLog)).toSorted(), ids.toSorted());
});
