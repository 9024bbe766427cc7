import test from 'ava';
import { closedNotice } from '../../src/errors/close-reason.js';
import { ackHandler, eventHandler } from '../../src/express-session/index.js';
import { SessionError } from '../../src/index.js';
import { EventStream } from '../support/event-stream.js';
import type { Browser } from './browser.js';
import { changing, startShop, startStore } from './kit.js';

const ownPage = { 'sec-fetch-site': 'same-origin' };

/** Opens a stream. Resolves when the stream has sent its first cursor or has ended. */
async function open(port: number, { cookie = '' }: Browser): Promise<EventStream> {
  const stream = await EventStream.open(port, '/events', { ...ownPage, cookie });
  await stream.until(({ lastEventId, hasEnded }) => lastEventId !== '' || hasEnded);
  return stream;
}

for (const server of ['express', 'express4'] as const) {
  test(`${server}: an open stream of a visitor ends when a login gets a new sid`, async (t) => {
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

test('an unknown or invalid option is refused with the name of the handler', async (t) => {
  const { manager, store } = await startStore(t);
  for (const [name, handler] of Object.entries({ eventHandler, ackHandler })) {
    for (const options of [{ trustedOrigin: [] }, { trustedOrigins: ['app.example'] }]) {
      const error = t.throws(() => handler(manager, store, options));
      t.true(SessionError.is(error, 'INVALID_CONTEXT'));
      t.true(String(error).includes(name), String(error));
    }
  }
});
