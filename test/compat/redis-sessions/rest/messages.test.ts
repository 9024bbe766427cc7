import test from 'ava';
import { isProblem, problemIn } from '../../../support/http-kit.js';
import { bodyOf, RestKit } from '../../../support/rest-kit.js';

test('a message pushed to a handle or an id arrives at the poll of its token', async (t) => {
  const kit = await RestKit.start(t);
  const token = await kit.create('/shop/create/alice?ip=192.0.2.7');
  const { sessions } = JSON.parse((await kit.get('/shop/soid/alice')).body);
  const held = await kit.hold('/poll?app=shop&after=', token);
  const pushed = await kit.send('POST', `/shop/push/${sessions[0].handle}`, { data: { text: 'hi' } });
  t.is(pushed.status, 200);
  t.deepEqual(bodyOf(pushed), { accepted: 1, dropped: 0, refused: 0 });
  const batch = JSON.parse((await held.response()).body);
  t.like(batch, { messages: [{ offset: 1, data: { text: 'hi' } }], lost: 0 });
  await held.close();
  const toAll = await kit.send('POST', '/shop/pushsoid/alice', { data: 1, key: 'k' });
  t.deepEqual(bodyOf(toAll), { accepted: 1, dropped: 0, refused: 0 });
  await kit.send('POST', '/shop/pushsoid/alice', { data: 2, key: 'k' });
  const next = JSON.parse((await kit.request(`/poll?app=shop&after=${batch.cursor}`, { token })).body);
  t.deepEqual(
    next.messages.map(({ data }: { data: unknown }) => data),
    [2],
  );
});

test('a kill ends a held poll with the reason', async (t) => {
  const kit = await RestKit.start(t);
  const token = await kit.create('/shop/create/alice?ip=192.0.2.7');
  const held = await kit.hold('/poll?app=shop&after=', token);
  await kit.delete('/shop/killsoid/alice');
  t.like(JSON.parse((await held.response()).body), { closed: { code: 'revoked', reconnect: false } });
  await held.close();
});

test('a poll must name its app, and finds no session of another app', async (t) => {
  const kit = await RestKit.start(t);
  const token = await kit.create('/shop/create/alice?ip=192.0.2.7');
  t.is((await kit.request('/poll?app=shop&wait=0', { token })).status, 200);
  t.is((await kit.request('/poll?app=blog&wait=0', { token })).status, 401);
  for (const query of ['', '?wait=0', '?app=', '?app=a%20b', '?app=shop&app=shop']) {
    const response = await kit.request(`/poll${query}`, { token });
    t.is(response.status, 400, query);
    t.true(isProblem(response));
    t.regex(problemIn(response).detail, /^app /);
  }
});

test('a push to an unknown handle is 404, without data 400, too large 413', async (t) => {
  const kit = await RestKit.start(t, { context: { msgMaxBytes: 100 } });
  const { id } = await kit.manager.inApp('shop').createSession('alice');
  const push = async (handle: string, body: unknown) => {
    const response = await kit.send('POST', `/shop/push/${handle}`, body);
    t.true(isProblem(response), JSON.stringify(body));
    return response.status;
  };
  t.is(await push('x'.repeat(24), { data: 1 }), 404);
  t.is(await push('nonsense', { data: 1 }), 404);
  for (const body of [{}, { date: 1 }, [], '', 7, { data: 1, other: 2 }, { data: 1, key: '' }, { data: 1, key: 7 }]) {
    t.is(await push(id, body), 400, JSON.stringify(body));
  }
  t.is(await push(id, { data: 'x'.repeat(200) }), 413);
  t.deepEqual(bodyOf(await kit.send('POST', '/shop/pushsoid/no-such-id', { data: 1 })), {
    accepted: 0,
    dropped: 0,
    refused: 0,
  });
});

test('a push that a full mailbox refuses is 429', async (t) => {
  const kit = await RestKit.start(t, { context: { msgMaxLength: 1, onOverflow: 'reject' } });
  const { id } = await kit.manager.inApp('shop').createSession('alice');
  t.is((await kit.send('POST', `/shop/push/${id}`, { data: 1 })).status, 200);
  t.is((await kit.send('POST', `/shop/push/${id}`, { data: 2 })).status, 429);
});
