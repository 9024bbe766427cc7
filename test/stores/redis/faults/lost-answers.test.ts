import test from 'ava';
import { eventually } from '../../../support/eventually.js';
import { limits } from '../../../support/limits.js';
import { RedisProxy } from '../../../support/redis-proxy.js';
import { createSpread, idsIn, idsInAll, newEventLog } from '../../nodes/event-log.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { freshPrefix } from '../exact-clock.js';
import { serverFor, sharedClusterFor } from '../places.js';

const server = serverFor(test);
const cluster = sharedClusterFor(test);

test('what a killed node had swept and not reported, another node reports once', async (t) => {
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
  // From the first report on, the server carries out commands, but the node receives no replies.
  proxy.holdReplies((reply) => ids.some((id) => reply.includes(id)));
  await eventually(() => proxy.isHolding, { what: 'a sweep has taken sessions' });
  await victim.kill();
  t.deepEqual(await idsIn(eventLogs[0] ?? ''), []);
  const survivors = eventLogs
    .slice(1)
    .map((eventLog) => ServiceProcess.start(t, { context, options: { url, keyPrefix }, eventLog }));
  await Promise.all(survivors);
  await eventually(async () => (await idsInAll(eventLogs)).length >= ids.length, { patience: limits.processes });
  t.deepEqual((await idsInAll(eventLogs)).toSorted(), ids.toSorted());
});

test('what a node swept when its connection broke is reported once', async (t) => {
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
  proxy.releaseReplies();
  await eventually(async () => (await idsIn(eventLog)).length >= ids.length, { patience: limits.processes });
  t.deepEqual((await idsIn(eventLog)).toSorted(), ids.toSorted());
});

test('what a node swept when the reply came too late is reported once', async (t) => {
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
  proxy.releaseReplies();
  await eventually(async () => (await idsIn(eventLog)).length >= ids.length, { patience: limits.processes });
  t.deepEqual((await idsIn(eventLog)).toSorted(), ids.toSorted());
});

test('what one master of a Cluster swept is reported although the reply of another is lost', async (t) => {
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
  failing?.releaseReplies();
  await eventually(async () => (await idsIn(eventLog)).length >= ids.length, { patience: limits.processes });
  t.deepEqual((await idsIn(eventLog)).toSorted(), ids.toSorted());
});
