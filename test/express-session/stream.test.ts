import test, { type ExecutionContext } from 'ava';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import { closedNotice } from '../../src/errors/close-reason.js';
import { ackHandler, eventHandler } from '../../src/express-session/index.js';
import { SessionError } from '../../src/index.js';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import type { Browser } from './browser.js';
import { changing, startShop, startStore } from './kit.js';

const ownPage = { 'sec-fetch-site': 'same-origin' };

async function logIn(t: ExecutionContext, server: 'express' | 'express4') {
  const shop = await startShop(t, server);
  const alice = shop.browser();
  await alice.get('login?account=alice');
  return { ...shop, alice, room: shop.container.get(WaitingRoom) };
}

/** A stream that has told where it begins. */
async function open(port: number, { cookie = '' }: Browser, query = ''): Promise<EventStream> {
  const stream = await EventStream.open(port, `/events${query}`, { ...ownPage, cookie });
  await stream.until(({ lastEventId, hasEnded }) => lastEventId !== '' || hasEnded);
  return stream;
}

function acknowledge(browser: Browser, query: string, body: string, headers: Readonly<Record<string, string>> = {}) {
  const json = { 'content-type': 'application/json', ...headers };
  return browser.request(`ack${query}`, { method: 'POST', body, headers: json });
}

for (const server of ['express', 'express4'] as const) {
  test(`${server}: a stream by the cookie sends messages as they come, and POST /ack removes them`, async (t) => {
    const { alice, manager, port, room } = await logIn(t, server);
    const stream = await open(port, alice, '?reader=tab');
    for (const data of ['a', 'b']) await manager.pushToAccount('alice', data);
    await stream.until(({ events }) => events.length === 2);
    t.deepEqual(stream.data, ['a', 'b']);
    const undelivered = async () => (await manager.sessionsOfAccount('alice'))[0]?.undelivered;
    t.is(await undelivered(), 2);
    const ask = (body: string) => acknowledge(alice, '?reader=tab', body);
    const answer = await ask(JSON.stringify({ cursor: stream.events[0]?.id }));
    t.deepEqual([answer.status, await answer.text()], [204, '']);
    t.is(await undelivered(), 1);
    t.is((await ask(JSON.stringify({ cursor: stream.lastEventId }))).status, 204);
    t.is(await undelivered(), 0);
    stream.close();
    await eventually(() => room.held === 0);
  });

  test(`${server}: a stream is told that a newer one took over, and why its session ends`, async (t) => {
    const { alice, manager, port } = await logIn(t, server);
    const older = await open(port, alice, '?reader=tab');
    const newer = await open(port, alice, '?reader=tab');
    await older.until(({ hasEnded }) => hasEnded);
    t.like(older.of('closed')[0], { code: 'superseded', reconnect: false });
    await manager.closeAccount('alice');
    await newer.until(({ hasEnded }) => hasEnded);
    t.deepEqual(newer.of('closed'), [closedNotice('revoked')]);
    t.is((await alice.request('events')).status, 401);
  });

  test(`${server}: streams and acknowledgements that are malformed, unknown or from another site are refused`, async (t) => {
    const { browser, alice, room } = await logIn(t, server);
    const body = '{"cursor":"a.1.1"}';
    const foreign = { 'sec-fetch-site': 'cross-site' };
    const refusals: [number, Promise<Response>][] = [
      [401, browser().request('events')],
      [401, acknowledge(browser(), '', body)],
      [400, alice.request('events?reader=a%20b')],
      [400, alice.request('events?ack=other')],
      [400, alice.request('events', { method: 'HEAD' })],
      [400, acknowledge(alice, '', '{"cursor":1}')],
      [400, acknowledge(alice, '', '{"cursor"')],
      [403, alice.request('events', { headers: foreign })],
      [403, acknowledge(alice, '', body, foreign)],
    ];
    for (const [status, answer] of refusals) {
      const { status: given, headers } = await answer;
      t.deepEqual([given, headers.get('content-type')], [status, 'application/problem+json']);
    }
    const { cookie = '', origin } = alice;
    t.is((await fetch(`${origin}/events?ack=sent`, { headers: { cookie } })).status, 400, 'of no known page');
    t.is(room.held, 0);
  });

  test(`${server}: a stream that a visitor had open ends when a login takes a new sid`, async (t) => {
    const { browser, store, visitors, port } = await startShop(t, server);
    const visitor = browser();
    await visitor.get(changing({ a: 1 }));
    const session = await store.sessionOf(String(await visitor.get('sid')));
    const stream = await open(port, visitor);
    await visitors.push(session?.id ?? '', 'welcome');
    await stream.until(({ events }) => events.length === 1);
    t.deepEqual(stream.data, ['welcome']);
    await visitor.get('login?account=alice&regenerate=1');
    await stream.until(({ hasEnded }) => hasEnded);
    t.deepEqual(stream.of('closed'), [closedNotice('logout')]);
  });
}

test('a drain ends a stream with retry', async (t) => {
  const { alice, manager, port } = await logIn(t, 'express');
  const stream = await open(port, alice);
  await manager.drain();
  await stream.until(({ hasEnded }) => hasEnded);
  t.true((stream.retry ?? 0) > 0);
  t.deepEqual(stream.of('closed'), []);
});

test('an option that is not known or not valid is refused with the name of the handler', async (t) => {
  const { manager, store } = await startStore(t);
  for (const [name, handler] of Object.entries({ eventHandler, ackHandler })) {
    for (const options of [{ trustedOrigin: [] }, { trustedOrigins: ['app.example'] }]) {
      const error = t.throws(() => handler(manager, store, options));
      t.true(SessionError.is(error, 'INVALID_CONTEXT'));
      t.true(String(error).includes(name), String(error));
    }
  }
});
