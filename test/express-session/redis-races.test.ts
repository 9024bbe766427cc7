import test from 'ava';
import { rounds } from '../support/limits.js';
import { startStore, storesFor } from './kit.js';
import { contentOf, loadedSession, sessionData } from './session-data.js';

const bindingOf = storesFor(test);
const count = rounds({ sample: 6, full: 200 });

test('over Redis, concurrent requests of one sid at three nodes lose no change, and create one login session', async (t) => {
  const binding = bindingOf('redis');
  const context = { maxSession: 1 };
  const nodes = await Promise.all([1, 2, 3].map(() => startStore(t, { binding, context })));
  const [first] = nodes;
  if (first === undefined) throw new Error('there are no nodes');
  for (let round = 0; round < count; round += 1) {
    const sid = `sid${round}`;
    const accountId = `account${round}`;
    await first.store.set(sid, sessionData({ start: true }));
    const request = async (number: number, change: object) => {
      const { store } = nodes[number % nodes.length] ?? first;
      await store.set(sid, Object.assign(await loadedSession(store, sid), change));
    };
    const changes = [
      { a: 1 },
      { b: 2, accountId },
      { c: 3, accountId },
      { d: 4 },
      { e: 5, accountId },
      { start: false },
    ];
    await Promise.all(changes.map((change, number) => request(number, change)));
    const expected = Object.assign({}, ...changes);
    for (const { store } of nodes) t.deepEqual(await contentOf(store, sid), expected);
    t.is((await first.manager.sessionsOfAccount(accountId)).length, 1);
  }
  t.is((await first.visitors.sessionsOfApp()).sessions.length, count);
});

test('over Redis, a sid that one node destroys while others save it and log in has no session at any node', async (t) => {
  const binding = bindingOf('redis');
  const nodes = await Promise.all([1, 2, 3].map(() => startStore(t, { binding })));
  const [first] = nodes;
  if (first === undefined) throw new Error('there are no nodes');
  for (let round = 0; round < count; round += 1) {
    const sid = `sid${round}`;
    await first.store.set(sid, sessionData({ start: true }));
    const loaded = await Promise.all(nodes.map(({ store }) => loadedSession(store, sid)));
    const saves = loaded.map((session, number) => {
      const change = number === 0 ? { a: 1 } : { accountId: 'alice' };
      return nodes[number]?.store.set(sid, Object.assign(session, change));
    });
    await Promise.all([...saves, nodes[round % 3]?.store.destroy(sid)]);
    for (const { store } of nodes) t.is(await store.get(sid), undefined);
    t.deepEqual(await first.manager.sessionsOfAccount('alice'), []);
  }
  t.deepEqual((await first.visitors.sessionsOfApp()).sessions, []);
});
