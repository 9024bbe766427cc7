import test from 'ava';
import { cuttable, cuttableStore } from '../../../support/http-away-store.js';
import { bodyOf, RestKit } from '../../../support/rest-kit.js';

/** Returns the value of a metric, found by its name and labels. */
async function metric(kit: RestKit, name: string): Promise<number | undefined> {
  const { body } = await kit.get('/metrics');
  const line = body.split('\n').find((each) => each.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

test('metrics count sessions, polls and pushes of every app', async (t) => {
  const kit = await RestKit.start(t);
  const token = await kit.create('/shop/create/alice?ip=192.0.2.7');
  await kit.create('/blog/create/bob?ip=192.0.2.7');
  const held = await kit.hold('/poll?app=blog', (await kit.manager.inApp('blog').createSession('carol')).token);
  t.is(await metric(kit, 'session_mailbox_sessions_created_total'), 3);
  t.is(await metric(kit, 'session_mailbox_polls_held'), 1);
  await kit.delete(`/shop/kill/${token}`);
  await kit.delete('/blog/killsoid/bob');
  await kit.send('POST', '/blog/pushsoid/carol', { data: 1 });
  await held.response();
  await held.close();
  t.is(await metric(kit, 'session_mailbox_sessions_closed_total{reason="logout"}'), 1);
  t.is(await metric(kit, 'session_mailbox_sessions_closed_total{reason="revoked"}'), 1);
  t.is(await metric(kit, 'session_mailbox_sessions_closed_total{reason="expired"}'), 0);
  t.is(await metric(kit, 'session_mailbox_messages_pushed_total{outcome="accepted"}'), 1);
  t.is(await metric(kit, 'session_mailbox_polls_held'), 0);
  t.is(await metric(kit, 'session_mailbox_store_up'), 1);
  const creations = '{method="PUT",route="/:app/create/:id",status="200"}';
  t.is(await metric(kit, `session_mailbox_request_duration_seconds_count${creations}`), 2);
});

test('metrics count logins at the limit by verdict, and show every verdict and kind before its first event', async (t) => {
  const kit = await RestKit.start(t, { context: { maxSession: 1 } });
  t.is(await metric(kit, 'session_mailbox_limits_met_total{verdict="refused"}'), 0);
  t.is(await metric(kit, 'session_mailbox_bearers_refused_total{kind="rotated"}'), 0);
  await kit.create('/shop/create/alice?ip=192.0.2.7');
  for (let login = 0; login < 2; login += 1) await kit.send('PUT', '/shop/create/alice?ip=192.0.2.7', {});
  t.is(await metric(kit, 'session_mailbox_limits_met_total{verdict="refused"}'), 2);
  t.is(await metric(kit, 'session_mailbox_limits_met_total{verdict="evicted"}'), 0);
  t.is(await metric(kit, 'session_mailbox_sessions_created_total'), 1);
});

test('metrics contain no token and no id, and unknown paths add no labels', async (t) => {
  const kit = await RestKit.start(t);
  const token = await kit.create('/shop/create/alice-the-account?ip=192.0.2.7');
  await kit.get(`/shop/get/${token}`);
  for (let each = 0; each < 10; each += 1) await kit.get(`/nowhere-${each}`);
  const { body, headers } = await kit.get('/metrics');
  t.regex(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  t.false(body.includes(token) || body.includes('alice-the-account') || body.includes('nowhere'));
});

test('a node is ready while its store can be used; otherwise a problem document has the reason', async (t) => {
  const kit = await RestKit.start(t, { store: cuttableStore });
  const ready = await kit.get('/healthz');
  t.is(ready.status, 200);
  t.deepEqual(bodyOf(ready), { status: 'ok' });
  t.is(await metric(kit, 'session_mailbox_store_up'), 1);
  cuttable(kit.store).isAway = true;
  const unready = await kit.get('/healthz');
  t.is(unready.status, 503);
  t.regex(unready.headers.get('content-type') ?? '', /^application\/problem\+json/);
  t.is(unready.headers.get('retry-after'), '1');
  t.like(bodyOf(unready), { status: 503, code: 'STORE_UNAVAILABLE' });
  t.is(await metric(kit, 'session_mailbox_store_up'), 0);
  cuttable(kit.store).isAway = false;
  t.is((await kit.get('/healthz')).status, 200);
});

test('a node that drains is not ready, though its store can be used', async (t) => {
  const kit = await RestKit.start(t);
  await kit.manager.drain();
  const response = await kit.get('/healthz');
  t.is(response.status, 503);
  t.like(bodyOf(response), { code: 'STOPPED', detail: 'This node is stopping; use another one' });
});

test('a node that is not ready, because it is drained or has no store, is still live', async (t) => {
  const kit = await RestKit.start(t, { store: cuttableStore });
  cuttable(kit.store).isAway = true;
  await kit.manager.drain();
  const response = await kit.get('/livez');
  t.is(response.status, 200);
  t.deepEqual(bodyOf(response), { status: 'ok' });
});
