import test from 'ava';
import { eventually } from '../../../support/eventually.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { freshPrefix } from '../exact-clock.js';
import { serverFor } from '../places.js';

// A small limit, so that the server soon disconnects a subscriber that does not read.
const server = serverFor(test, { 'client-output-buffer-limit': 'pubsub 256kb 256kb 1' });
const large = 'x'.repeat(60_000);
const pollCount = 300;

test('a node that the server disconnects because it reads notices too slowly misses no message', async (t) => {
  const context = { maxSession: 0, pollTime: 60_000 };
  const settings = { context, options: { url: server().url, keyPrefix: freshPrefix() } };
  const [quick, slow] = await Promise.all([ServiceProcess.start(t, settings), ServiceProcess.start(t, settings)]);
  const sessions = await Promise.all(Array.from({ length: pollCount }, () => quick.do('create', 'alice')));
  const polls = sessions.map(async ({ id }) => {
    const { cursor } = await slow.do('poll', id, { after: '', wait: 0 });
    return slow.do('poll', id, { after: cursor, wait: 60_000 });
  });
  await eventually(async () => (await slow.do('held')) === pollCount);
  const listeners = async () =>
    String(await server().client.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).match(/^id=/gm)?.length;
  t.is(await listeners(), 2);
  slow.signal('SIGSTOP');
  for (const { id } of sessions) await quick.do('push', id, large);
  await eventually(async () => (await listeners()) === 1, { what: 'the server disconnects the slow node' });
  slow.signal('SIGCONT');
  for (const { messages, lost } of await Promise.all(polls)) {
    t.deepEqual([messages.length, lost], [1, 0]);
  }
  t.deepEqual(await slow.do('unhandled'), []);
});
