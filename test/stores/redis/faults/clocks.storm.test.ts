import test from 'ava';
import { eventually } from '../../../support/eventually.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { freshPrefix } from '../exact-clock.js';
import { serverFor } from '../places.js';

const server = serverFor(test);
const hour = 3_600_000;

test('nodes whose clocks are hours apart agree on which sessions are alive', async (t) => {
  const context = { gcTime: 2_000, gcInterval: 50, hbGrace: 60_000, maxAge: 30 * hour };
  const settings = { context, options: { url: server().url, keyPrefix: freshPrefix() } };
  const [late, early] = await Promise.all([
    ServiceProcess.start(t, { ...settings, skew: -5 * hour }),
    ServiceProcess.start(t, { ...settings, skew: 5 * hour }),
  ]);
  for (const [one, other] of [
    [late, early],
    [early, late],
  ] as const) {
    const { id, token } = await one.do('create', 'alice', { ttl: 60_000 });
    const brief = await one.do('create', 'bob');
    t.is(await other.do('authenticate', token), id);
    t.is((await other.do('push', id, 'hi')).accepted, 1);
    t.deepEqual((await one.do('poll', id, { after: '' })).messages.length, 1);
    const all = async () => (await Promise.all([late.do('closed'), early.do('closed')])).flat();
    await eventually(async () => (await all()).some((closed) => closed.id === brief.id));
    t.is((await all()).filter((closed) => closed.id === brief.id).length, 1);
    t.is(await other.do('authenticate', token), id);
    await one.do('close', id);
  }
});

test('a poll is held for its wait although the node’s clock is hours ahead', async (t) => {
  const settings = { context: {}, options: { url: server().url, keyPrefix: freshPrefix() }, skew: 5 * hour };
  const node = await ServiceProcess.start(t, settings);
  const { id } = await node.do('create', 'alice');
  const { cursor } = await node.do('poll', id, { after: '', wait: 0 });
  const start = performance.now();
  const batch = await node.do('poll', id, { after: cursor, wait: 500 });
  t.true(performance.now() - start >= 450);
  t.deepEqual(batch, { messages: [], cursor, lost: 0 });
});
