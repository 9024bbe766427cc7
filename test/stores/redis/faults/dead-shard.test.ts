import test from 'ava';

import { SessionContext } from '../../../../src/index.js';
import { noListener } from '../../../../src/store/no-listener.js';
import { slotOf } from '../../../../src/stores/redis/cluster-slot.js';
import { RedisStore } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import { freshPrefix } from '../exact-clock.js';
import { clusterFor } from '../places.js';
import { newSession } from '../workload.js';

const cluster = clusterFor(test, { settings: { 'cluster-require-full-coverage': 'no' } });

test('while one master of a Cluster is down, the expiry and the silence of sessions at the others are reported', async (t) => {
  const keyPrefix = freshPrefix();
  const context = new SessionContext({ hbGrace: 100, maxSession: 0 });
  const store = new RedisStore(context, { cluster: { nodes: cluster().nodes }, keyPrefix });
  await store.open(noListener);
  t.teardown(() => store.close());
  const isAtFirst = (id: string) => slotOf(id.slice(0, 2)) < 16_384 / 3;
  const ids: string[] = [];
  for (let account = 0; account < 30; account += 1) {
    const session = newSession(store, `account-${account}`, { ttl: 1_000 });
    await store.insert(session);
    ids.push(session.id);
  }
  const reachable = ids.filter((id) => !isAtFirst(id));
  t.true(reachable.length > 0 && reachable.length < ids.length);
  await cluster().masters[0]?.stop();
  for (const work of ['judgePresence', 'sweep'] as const) {
    const told: string[] = [];
    await eventually(async () => {
      const slice = await store[work](100).catch(() => undefined);
      told.push(...(slice?.items ?? []).map(({ id }) => id));
      return told.length >= reachable.length;
    });
    t.deepEqual(told.toSorted(), reachable.toSorted(), work);
  }
  await t.throwsAsync(store.sweep(100), { code: 'STORE_UNAVAILABLE' }, 'the failure is told when nothing else is due');
});
