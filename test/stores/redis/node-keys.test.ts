import test from 'ava';
import { eventually } from '../../support/eventually.js';
import { ServiceProcess } from '../nodes/service-process.js';
import { freshPrefix } from './exact-clock.js';
import { serverFor } from './places.js';

const server = serverFor(test);
const tenMinutes = 600_000;

async function keysUnder(keyPrefix: string): Promise<readonly string[]> {
  return server().client.keys(`${keyPrefix}*`);
}

test('nodes that stop leave no key behind', async (t) => {
  const keyPrefix = freshPrefix();
  const nodes = await ServiceProcess.startAll(t, 2, { context: {}, options: { url: server().url, keyPrefix } });
  t.is((await keysUnder(keyPrefix)).length, 64);
  for (const node of nodes) await node.do('stop');
  t.deepEqual(await keysUnder(keyPrefix), []);
});

test('the keys of a killed node expire ten minutes after the last heartbeat of any node', async (t) => {
  const keyPrefix = freshPrefix();
  const settings = { context: {}, options: { url: server().url, keyPrefix } };
  const [killed, stopped] = await ServiceProcess.startAll(t, 2, settings);
  await killed?.kill();
  await stopped?.do('stop');
  const keys = await keysUnder(keyPrefix);
  t.is(keys.length, 64);
  for (const key of keys) {
    const left = await server().client.pttl(key);
    t.true(left > 0 && left <= tenMinutes, `${key} expires in ${left} ms`);
  }
});

test('a node that can not start leaves no key behind', async (t) => {
  const keyPrefix = freshPrefix();
  const { client, port } = server();
  // The node may register itself, but not check its subscription: the heartbeat fails after it wrote.
  const rule = ['on', '>password', `~${keyPrefix}*`, '&*', '+@all', '-pubsub'];
  await client.call('ACL', 'SETUSER', 'limited', ...rule);
  const redis = { host: '127.0.0.1', port, username: 'limited', password: 'password' };
  const starting = ServiceProcess.start(t, { context: {}, options: { redis, keyPrefix } });
  await t.throwsAsync(starting, { code: 'STORE_UNAVAILABLE' });
  await eventually(async () => (await keysUnder(keyPrefix)).length === 0);
  t.pass();
});
