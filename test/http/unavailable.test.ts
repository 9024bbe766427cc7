import { SessionStore } from '../../src/index.js';
import { cuttable, cuttableStore } from '../support/http-away-store.js';
import { isProblem, onEachAdapter, problemIn } from '../support/http-kit.js';

const options = { store: cuttableStore };

onEachAdapter('while the store is unavailable, every route answers 503 with Retry-After', options, async (t, kit) => {
  const session = await kit.logIn();
  cuttable(kit.container.get(SessionStore)).isAway = true;
  const requests = [
    ['GET', '/poll?after='],
    ['GET', '/poll?wait=0'],
    ['GET', '/sessions'],
    ['DELETE', '/sessions/current'],
    ['DELETE', `/sessions/${session.id}`],
    ['DELETE', '/sessions?except=current'],
  ] as const;
  for (const [method, path] of requests) {
    const response = await kit.request(path, { method, token: session.token });
    t.is(response.status, 503, `${method} ${path}`);
    t.is(problemIn(response).code, 'STORE_UNAVAILABLE');
    t.regex(response.headers.get('retry-after') ?? '', /^[0-9]+$/);
    t.true(isProblem(response));
  }
  t.is(kit.room.held, 0);
});

onEachAdapter(
  'a poll stays held while the store is unavailable, and is answered once it is back',
  options,
  async (t, kit) => {
    const session = await kit.logIn();
    const store = cuttable(kit.container.get(SessionStore));
    const held = await kit.hold(session.token, { after: '' });
    store.isAway = true;
    kit.room.missed();
    t.is(kit.room.held, 1);
    store.isAway = false;
    await kit.manager.push(session.id, 'back again');
    kit.room.missed();
    t.is((await held.batch()).messages[0]?.data, 'back again');
  },
);

onEachAdapter('a drain that could not be acknowledged delivers its messages again', options, async (t, kit) => {
  const session = await kit.logIn();
  const store = cuttable(kit.container.get(SessionStore));
  const held = await kit.hold(session.token);
  store.isAway = true;
  await kit.manager.push(session.id, 'still there');
  t.is((await held.batch()).messages.length, 1);
  store.isAway = false;
  t.is((await kit.poll(session.token)).messages[0]?.data, 'still there');
});

onEachAdapter(
  'a client that disconnects while the store is unavailable affects no other client',
  options,
  async (t, kit) => {
    const session = await kit.logIn();
    const store = cuttable(kit.container.get(SessionStore));
    const held = await kit.hold(session.token, { after: '' });
    store.isAway = true;
    await held.connection.close();
    await kit.manager.push(session.id, 'kept');
    store.isAway = false;
    t.is((await kit.poll(session.token, { after: '' })).messages[0]?.data, 'kept');
  },
);
