import test from 'ava';
import { eventually } from '../../support/eventually.js';
import { reportedFault } from '../../websocket/reported-fault.js';
import { away, revive, startHooked } from '../hooked-stage.js';
import { contentOf, sessionData } from '../session-data.js';

test('disconnect is emitted once when the store cannot be reached, and connect once when it answers again', async (t) => {
  const { hooked, newStore } = await startHooked(t);
  const store = newStore();
  const events: string[] = [];
  store.on('disconnect', () => events.push('disconnect')).on('connect', () => events.push('connect'));
  await store.set('sid', sessionData({ a: 1 }));
  t.deepEqual(events, []);
  hooked.before = () => {
    throw away();
  };
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await t.throwsAsync(store.get('sid'), { code: 'STORE_UNAVAILABLE' });
    await t.throwsAsync(store.touch('sid', sessionData()), { code: 'STORE_UNAVAILABLE' });
  }
  let pings = 0;
  hooked.before = (operation) => {
    if (operation === 'ping') pings += 1;
    throw away();
  };
  await eventually(() => pings > 2);
  t.deepEqual(events, ['disconnect']);
  revive(hooked);
  await eventually(() => events.length === 2);
  t.deepEqual(events, ['disconnect', 'connect']);
  t.deepEqual(await contentOf(store, 'sid'), { a: 1 });
});

test('a closed store does not ping the session store', async (t) => {
  const { hooked, newStore } = await startHooked(t);
  const store = newStore();
  const events: string[] = [];
  store.on('disconnect', () => events.push('disconnect')).on('connect', () => events.push('connect'));
  let pings = 0;
  hooked.before = (operation) => {
    if (operation === 'ping') pings += 1;
    throw away();
  };
  const open = newStore();
  for (const each of [store, open]) await t.throwsAsync(each.get('sid'), { code: 'STORE_UNAVAILABLE' });
  store.close();
  open.close();
  pings = 0;
  // A later store with the same ping interval pings. By then, the two closed stores would have pinged, too.
  const later = newStore();
  await t.throwsAsync(later.get('sid'), { code: 'STORE_UNAVAILABLE' });
  await eventually(() => pings > 0);
  later.close();
  t.is(pings, 1);
  t.deepEqual(events, ['disconnect']);
});

test('an exception of a listener of disconnect or connect is reported, and makes neither the call nor the process fail', async (t) => {
  const { hooked, newStore } = await startHooked(t);
  const store = newStore();
  const reported = ['disconnect', 'connect'].map((event) => reportedFault(new RegExp(`the ${event} listener failed`)));
  for (const event of ['disconnect', 'connect']) {
    store.on(event, () => {
      throw new Error(`the ${event} listener failed`);
    });
  }
  hooked.before = () => {
    throw away();
  };
  await t.throwsAsync(store.get('sid'), { code: 'STORE_UNAVAILABLE' });
  await reported[0];
  revive(hooked);
  await reported[1];
});
