import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { IssuedSession } from '../../src/index.js';
import { projectPath } from '../architecture/source-tree.js';
import { eventually } from '../support/eventually.js';
import { Kit } from '../support/http-kit.js';
import { limits } from '../support/limits.js';

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'];
const code = readFileSync(projectPath('dist/client/bundle.js'), 'utf8');

/** Takes every message and event, as text. */
const html = `<!doctype html><title>client</title><script type="module">
  import { connect } from './client.js';
  globalThis.heard = [];
  globalThis.mailbox = connect({ url: '/' });
  for (const event of ['lost', 'reset', 'closed']) mailbox.on(event, (news) => heard.push(event + ' ' + (news?.code ?? news ?? '')));
  for await (const { data } of mailbox) heard.push(String(data));
</script>`;

let browser: Browser;

test.before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
});

test.after.always(() => browser?.close());

/** A browser with the cookie of one session, and its server. */
class Stage {
  readonly kit: Kit;
  readonly session: IssuedSession;
  readonly context: BrowserContext;

  private constructor(kit: Kit, session: IssuedSession, context: BrowserContext) {
    this.kit = kit;
    this.session = session;
    this.context = context;
  }

  static async start(t: ExecutionContext): Promise<Stage> {
    const kit = await Kit.start('node');
    t.teardown(() => kit.close());
    const session = await kit.logIn();
    const context = await browser.newContext();
    t.teardown(() => context.close());
    context.setDefaultTimeout(limits.event);
    const url = `http://127.0.0.1:${kit.port}`;
    await context.addCookies([{ name: 'sid', value: session.token, url }]);
    await context.route('**/page', (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await context.route('**/client.js', (route) => route.fulfill({ contentType: 'text/javascript', body: code }));
    return new Stage(kit, session, context);
  }

  /** A tab whose client has a connection, or shares one. */
  async open(): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(`http://127.0.0.1:${this.kit.port}/page`);
    await page.waitForFunction("globalThis.mailbox?.state === 'open'");
    return page;
  }

  async push(...data: readonly string[]): Promise<void> {
    for (const each of data) await this.kit.manager.push(this.session.id, each);
  }

  async isHeld(count: number): Promise<void> {
    await eventually(() => this.kit.room.held === count, { what: `${count} polls are held` });
  }
}

async function heard(page: Page, ...expected: readonly string[]): Promise<void> {
  await page.waitForFunction(`heard.length >= ${expected.length}`);
  const found: unknown = await page.evaluate('heard');
  if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`The page heard ${JSON.stringify(found)}`);
}

test.serial('the tabs of a browser have one connection, and each receives every message once', async (t) => {
  const stage = await Stage.start(t);
  const tabs = [await stage.open(), await stage.open(), await stage.open()];
  await stage.push('one', 'two');
  for (const tab of tabs) await heard(tab, 'one', 'two');
  await stage.isHeld(1);
  await stage.push('three');
  for (const tab of tabs) await heard(tab, 'one', 'two', 'three');
  await stage.isHeld(1);
  t.is((await stage.kit.manager.getSession(stage.session.id)).undelivered, 0);
});

test.serial('when the tab that is connected closes, another one connects, and misses nothing', async (t) => {
  const stage = await Stage.start(t);
  const [first, second, third] = [await stage.open(), await stage.open(), await stage.open()];
  await stage.push('one');
  for (const tab of [first, second, third]) await heard(tab, 'one');
  await first.close();
  await stage.push('two');
  for (const tab of [second, third]) await heard(tab, 'one', 'two');
  await stage.isHeld(1);
  t.pass();
});

test.serial('when the tab that is connected crashes, another one connects, and misses nothing', async (t) => {
  const stage = await Stage.start(t);
  const [first, second] = [await stage.open(), await stage.open()];
  await stage.push('one');
  for (const tab of [first, second]) await heard(tab, 'one');
  const tools = await stage.context.newCDPSession(first);
  const crashed = first.waitForEvent('crash');
  // It never answers.
  tools.send('Page.crash').catch(() => {});
  await crashed;
  await stage.push('two');
  await heard(second, 'one', 'two');
  await stage.isHeld(1);
  t.pass();
});

test.serial('a tab that hangs while it is connected loses the connection to another one', async (t) => {
  const stage = await Stage.start(t);
  const [first, second] = [await stage.open(), await stage.open()];
  await stage.push('one');
  for (const tab of [first, second]) await heard(tab, 'one');
  const tools = await stage.context.newCDPSession(first);
  await tools.send('Debugger.enable');
  const paused = new Promise((resolve) => tools.once('Debugger.paused', resolve));
  await tools.send('Debugger.pause');
  await stage.push('two');
  await paused;
  await heard(second, 'one', 'two');
  await tools.send('Debugger.resume');
  await heard(first, 'one', 'two');
  await stage.push('three');
  for (const tab of [first, second]) await heard(tab, 'one', 'two', 'three');
  t.pass();
});

test.serial('a tab that is loaded again goes on where it was, whether it is connected or not', async (t) => {
  const stage = await Stage.start(t);
  const [first, second] = [await stage.open(), await stage.open()];
  await stage.push('one');
  for (const tab of [first, second]) await heard(tab, 'one');
  for (const [count, tab] of [first, second, first].entries()) {
    await tab.reload({ waitUntil: 'commit' });
    await stage.push(`after reload ${count}`);
    await tab.waitForFunction("globalThis.mailbox?.state === 'open'");
    await heard(tab, `after reload ${count}`);
    await tab.evaluate('void (heard.length = 0)');
    await (tab === first ? second : first).evaluate('void (heard.length = 0)');
  }
  t.pass();
});

test.serial('without network the tabs are away, and go on when it is back', async (t) => {
  const stage = await Stage.start(t);
  const [first, second] = [await stage.open(), await stage.open()];
  await stage.context.setOffline(true);
  for (const tab of [first, second]) await tab.waitForFunction("mailbox.state !== 'open'");
  await stage.push('meanwhile');
  await stage.context.setOffline(false);
  for (const tab of [first, second]) await heard(tab, 'meanwhile');
  t.pass();
});

test.serial('over a slow network nothing is missed or given twice', async (t) => {
  const stage = await Stage.start(t);
  const tab = await stage.open();
  const tools = await stage.context.newCDPSession(tab);
  const slow = { offline: false, latency: 300, downloadThroughput: 20_000, uploadThroughput: 5_000 };
  await tools.send('Network.emulateNetworkConditions', slow);
  const numbers = Array.from({ length: 10 }, (_, number) => String(number));
  await stage.push(...numbers);
  await heard(tab, ...numbers);
  t.pass();
});

test.serial('without locks each tab reads for itself', async (t) => {
  const stage = await Stage.start(t);
  await stage.context.addInitScript("Object.defineProperty(navigator, 'locks', { value: undefined })");
  const tabs = [await stage.open(), await stage.open()];
  await stage.isHeld(2);
  await stage.push('one');
  for (const tab of tabs) await heard(tab, 'one');
  t.pass();
});

test.serial('the end of the session ends the client of every tab', async (t) => {
  const stage = await Stage.start(t);
  const tabs = [await stage.open(), await stage.open()];
  await stage.isHeld(1);
  await stage.session.close('revoked');
  for (const tab of tabs) await heard(tab, 'closed revoked');
  t.pass();
});
