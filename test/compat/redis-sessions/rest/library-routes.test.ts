import test from 'ava';
import { bodyOf, RestKit } from '../../../support/rest-kit.js';

const alphanumeric = /^[A-Za-z0-9]{64}$/;

test('create, get, set, lists and kill answer with the replies of redis-sessions', async (t) => {
  const kit = await RestKit.start(t);
  const created = await kit.send('PUT', '/shop/create/alice?ip=192.0.2.7&ttl=600', { theme: 'dark', none: null });
  t.is(created.status, 200);
  t.regex(created.headers.get('content-type') ?? '', /^application\/json/);
  const { token, ...rest } = JSON.parse(created.body);
  t.regex(token, alphanumeric);
  t.deepEqual(rest, {});
  const session = { id: 'alice', ttl: 600, ip: '192.0.2.7' };
  t.deepEqual(bodyOf(await kit.get(`/shop/get/${token}`)), { ...session, r: 1, w: 1, idle: 0, d: { theme: 'dark' } });
  await kit.clock.advance(5_000);
  const changed = await kit.send('POST', `/shop/set/${token}`, { theme: null, size: 3, big: true });
  t.is(changed.status, 200);
  t.deepEqual(bodyOf(changed), { ...session, r: 2, w: 2, idle: 5, d: { size: 3, big: true } });
  const listed = JSON.parse((await kit.get('/shop/soid/alice')).body);
  t.like(listed.sessions[0], { ...session, r: 2, w: 2, idle: 0, d: { size: 3, big: true } });
  t.is(listed.sessions[0].handle, token.slice(0, 24));
  t.deepEqual(bodyOf(await kit.get('/shop/soapp?dt=60')), listed);
  t.deepEqual(bodyOf(await kit.get('/shop/activity?dt=60')), { activity: 1 });
  const killed = await kit.delete(`/shop/kill/${token}`);
  t.is(killed.status, 200);
  t.deepEqual(bodyOf(killed), { kill: 1 });
  t.deepEqual(bodyOf(await kit.get('/shop/soid/alice')), { sessions: [] });
});

test('a session created without a body, or with an empty one, has no d', async (t) => {
  const kit = await RestKit.start(t);
  const tokens = [
    await kit.create('/shop/create/alice?ip=192.0.2.7'),
    await kit.create('/shop/create/alice?ip=192.0.2.7', {}),
    await kit.create('/shop/create/alice?ip=192.0.2.7', ''),
  ];
  for (const token of tokens) {
    const expected = { id: 'alice', r: 1, w: 1, ttl: 7200, idle: 0, ip: '192.0.2.7' };
    t.deepEqual(bodyOf(await kit.get(`/shop/get/${token}`)), expected);
  }
});

test('as in rest-sessions, a path may have capital letters, except in its parameters, and end with a slash', async (t) => {
  const kit = await RestKit.start(t);
  const token = await kit.create('/Shop/CREATE/Alice/?ip=192.0.2.7');
  t.like(bodyOf(await kit.get(`/Shop/Get/${token}/`)), { id: 'Alice', ip: '192.0.2.7' });
  t.deepEqual(bodyOf(await kit.get('/Shop/ACTIVITY/?dt=60')), { activity: 1 });
  t.deepEqual(bodyOf(await kit.get('/shop/activity?dt=60')), { activity: 0 });
  t.deepEqual(bodyOf(await kit.delete('/Shop/killSoid/alice')), { kill: 0 });
  t.deepEqual(bodyOf(await kit.delete('/Shop/killSoid/Alice/')), { kill: 1 });
});

test('killsoid and killall end all sessions of an id or an app, and count them', async (t) => {
  const kit = await RestKit.start(t);
  for (const id of ['alice', 'alice', 'bob', 'carol']) await kit.create(`/shop/create/${id}?ip=192.0.2.7`);
  await kit.create('/blog/create/alice?ip=192.0.2.7');
  t.deepEqual(bodyOf(await kit.get('/shop/activity?dt=60')), { activity: 3 });
  t.deepEqual(bodyOf(await kit.delete('/shop/killsoid/alice')), { kill: 2 });
  t.deepEqual(bodyOf(await kit.delete('/shop/killsoid/alice')), { kill: 0 });
  t.deepEqual(bodyOf(await kit.delete('/shop/killall')), { kill: 2 });
  t.deepEqual(bodyOf(await kit.delete('/shop/killall')), { kill: 0 });
  t.is(JSON.parse((await kit.get('/blog/soapp?dt=60')).body).sessions.length, 1);
});

test('a missing session is answered with 200 and {} or 0', async (t) => {
  const kit = await RestKit.start(t);
  const token = await kit.create('/shop/create/alice?ip=192.0.2.7&ttl=10');
  await kit.clock.advance(11_000);
  for (const missing of [token, 'x'.repeat(64)]) {
    const responses = [
      await kit.get(`/shop/get/${missing}`),
      await kit.send('POST', `/shop/set/${missing}`, { a: 1 }),
      await kit.delete(`/shop/kill/${missing}`),
    ];
    t.deepEqual(
      responses.map(({ status }) => status),
      [200, 200, 200],
    );
    t.deepEqual(responses.map(bodyOf), [{}, {}, { kill: 0 }]);
  }
});

test('an id may have any script, colons, spaces and slashes', async (t) => {
  const kit = await RestKit.start(t);
  for (const id of ['a:b c', 'a/b?c#d', 'ünï', '日本語', '😀'.repeat(128), '日'.repeat(256), '%41', '+', '..']) {
    const path = encodeURIComponent(id).replaceAll('.', '%2E');
    const token = await kit.create(`/shop/create/${path}?ip=192.0.2.7`);
    t.like(bodyOf(await kit.get(`/shop/get/${token}`)), { id }, id);
    t.deepEqual(bodyOf(await kit.delete(`/shop/killsoid/${path}`)), { kill: 1 }, id);
  }
});

test('ping is answered with PONG', async (t) => {
  const kit = await RestKit.start(t);
  const response = await kit.get('/ping');
  t.is(response.status, 200);
  t.is(response.body, 'PONG');
});
