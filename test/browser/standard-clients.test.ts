import test, { type ExecutionContext } from 'ava';
import { Container } from 'inversify';
import { type Browser, chromium, type Page } from 'playwright-core';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import { type IssuedSession, SessionManager, sessionModule } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { limits } from '../support/limits.js';
import { serve } from '../support/stream-transports.js';

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'];

/** A page that uses only the EventSource of the browser. */
const eventSource = `<!doctype html><title>EventSource</title><script type="module">
  globalThis.heard = [];
  globalThis.opened = 0;
  const source = new EventSource('/events?after=&reader=tab');
  source.onopen = () => { opened += 1; };
  source.onmessage = ({ data, lastEventId }) => {
    heard.push(JSON.parse(data).data);
    globalThis.cursor = lastEventId;
  };
  source.addEventListener('closed', ({ data }) => {
    heard.push(JSON.parse(data).code);
    if (!JSON.parse(data).reconnect) source.close();
  });
  globalThis.acknowledge = () => fetch('/ack?reader=tab', {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ cursor }),
  }).then(({ status }) => status);
</script>`;

const webSocket = `<!doctype html><title>WebSocket</title><script type="module">
  globalThis.heard = [];
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/stream?after=&reader=tab');
  socket.onmessage = ({ data }) => {
    const { messages, cursor, closed } = JSON.parse(data);
    for (const { data } of messages) heard.push(data);
    if (messages.length > 0) socket.send(JSON.stringify({ ack: cursor }));
    if (closed) heard.push(closed.code);
  };
  socket.onclose = ({ code }) => heard.push(code);
</script>`;

let browser: Browser;

test.before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
});

test.after.always(() => browser?.close());

interface Stage {
  readonly manager: SessionManager;
  readonly room: WaitingRoom;
  readonly session: IssuedSession;
  readonly page: Page;
  /** Ends the connections of the page. */
  cut(): void;
}

/** Opens a page that has the cookie of a session. */
async function start(t: ExecutionContext, html: string): Promise<Stage> {
  const container = new Container();
  container.load(sessionModule({}));
  const manager = await container.getAsync(SessionManager);
  const { port, cut, end } = await serve(manager, html);
  t.teardown(async () => {
    await end();
    await container.unbindAllAsync();
  });
  const session = await manager.createSession('alice');
  const context = await browser.newContext();
  t.teardown(() => context.close());
  context.setDefaultTimeout(limits.event);
  const url = `http://127.0.0.1:${port}`;
  await context.addCookies([{ name: 'sid', value: session.token, url }]);
  const page = await context.newPage();
  await page.goto(`${url}/page`);
  const room = container.get(WaitingRoom);
  await eventually(() => room.held === 1);
  return { manager, room, session, page, cut };
}

const hears = (page: Page, count: number) => page.waitForFunction(`heard.length >= ${count}`);
const heardOn = (page: Page) => page.evaluate<readonly unknown[]>('heard');

test('an EventSource of the browser receives each message once, over reconnects, and acknowledges it', async (t) => {
  const { manager, room, session, page, cut } = await start(t, eventSource);
  for (const data of ['one', { two: 2 }]) await manager.push(session.id, data);
  await hears(page, 2);
  t.is(await page.evaluate('acknowledge()'), 204);
  t.is((await manager.getSession(session.id)).undelivered, 0);
  cut();
  await manager.push(session.id, 'three');
  await hears(page, 3);
  t.deepEqual(await heardOn(page), ['one', { two: 2 }, 'three']);
  t.true(Number(await page.evaluate('opened')) > 1);
  await manager.closeSession(session.id, 'revoked');
  await hears(page, 4);
  t.is((await heardOn(page)).at(-1), 'revoked');
  await eventually(() => room.held === 0);
});

test('a WebSocket of the browser receives each message, acknowledges it, and receives the close reason', async (t) => {
  const { manager, session, page } = await start(t, webSocket);
  for (const data of ['one', { two: 2 }]) await manager.push(session.id, data);
  await hears(page, 2);
  await eventually(async () => (await manager.getSession(session.id)).undelivered === 0);
  await manager.closeSession(session.id, 'revoked');
  await hears(page, 4);
  t.deepEqual(await heardOn(page), ['one', { two: 2 }, 'revoked', 4004]);
});
