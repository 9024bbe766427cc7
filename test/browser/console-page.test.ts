import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import test, { type ExecutionContext } from 'ava';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { ConsoleKit } from '../support/console-kit.js';
import { until } from '../support/http-kit.js';
import { limits } from '../support/limits.js';
import { Gate } from '../websocket/controlled-store.js';
import { overhang } from './readable.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const phone = { viewport: { width: 360, height: 740 } };
const hostile = '<img src=x onerror=window.hacked=1>"\'&\u202Eabc';

let browser: Browser;
let kit: ConsoleKit;
let ticking: NodeJS.Timeout;
const faults: string[] = [];

test.before(async () => {
  kit = await ConsoleKit.start('node', { console: { guard: () => 'root' }, context: { maxSession: 3 } });
  ticking = setInterval(() => void kit.clock.advance(1_000), 1_000);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
});

test.after.always(async () => {
  clearInterval(ticking);
  await browser?.close();
  await kit?.close();
});

test.serial.afterEach(
  'no page has thrown an error, violated its content security policy or sent a request to another host',
  (t) => {
    t.deepEqual(faults.splice(0), []);
  },
);

async function openConsole(t: ExecutionContext, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  t.teardown(() => context.close());
  context.setDefaultTimeout(limits.event);
  context.on('weberror', (event) => faults.push(event.error().message));
  context.on('console', (line) => {
    if (line.type() === 'error' || line.text().includes('Security Policy')) faults.push(line.text());
  });
  context.on('request', (request) => {
    const { host, protocol } = new URL(request.url());
    if (protocol !== 'data:' && host !== `127.0.0.1:${kit.port}`) faults.push(request.url());
  });
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${kit.port}/console`);
  await page.getByRole('table', { name: 'Nodes' }).waitFor();
  return page;
}

const rows = (page: Page, name: string): Locator =>
  page
    .getByRole('table', { name })
    .getByRole('row')
    .filter({ has: page.getByRole('cell') });

async function search(page: Page, text: string): Promise<void> {
  await page.getByLabel('Account or id').fill(text);
  await page.keyboard.press('Enter');
}

async function seriousViolations(page: Page): Promise<readonly string[]> {
  // By `evaluate`, because the policy of the page forbids a script element.
  return page.evaluate(`(async () => {
    const module = { exports: {} };
    ${axe}
    const { violations } = await (module.exports.run ?? globalThis.axe.run)(document, { resultTypes: ['violations'] });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' '));
  })()`);
}

test.serial('an operator finds an account and revokes one of its sessions, by keyboard alone', async (t) => {
  const [kept, target] = [await kit.manager.createSession('alice'), await kit.manager.createSession('alice')];
  await kit.manager.createSession('bob');
  const page = await openConsole(t);
  await rows(page, 'Sessions').filter({ hasText: 'bob' }).waitFor();
  await search(page, 'alice');
  await page.getByText('2 sessions of alice').waitFor();
  const button = page.getByRole('button', { name: `Revoke alice, session ${target.id}`, exact: true });
  await button.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Revoke session' });
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  t.is((await kit.manager.sessionsOfAccount('alice')).length, 2, 'a dialog that is left does nothing');
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Revoke session' }).press('Enter');
  await page.getByRole('status').getByText('1 session closed.').waitFor();
  await page.getByText('1 session of alice').waitFor();
  t.deepEqual(
    (await kit.manager.sessionsOfAccount('alice')).map(({ id }) => id),
    [kept.id],
  );
  await rows(page, 'Acts of operators').filter({ hasText: target.id }).getByText('done, 1').waitFor();
});

test.serial('an operator pushes a message; a text that is not JSON is not sent', async (t) => {
  const { id } = await kit.manager.createSession('carol');
  const page = await openConsole(t);
  await search(page, 'carol');
  await page.getByRole('button', { name: `Push to carol, session ${id}` }).click();
  const dialog = page.getByRole('dialog', { name: 'Push message' });
  await dialog.getByLabel('Message, as JSON').fill('{');
  await dialog.getByRole('button', { name: 'Push message' }).click();
  await dialog.getByText('The message is not JSON.').waitFor();
  await dialog.getByLabel('Message, as JSON').fill('{"text":"hi"}');
  await dialog.getByRole('button', { name: 'Push message' }).click();
  await page.getByText('Pushed to 1 session.').waitFor();
  t.deepEqual((await kit.manager.poll(id, { wait: 0 })).messages[0]?.data, { text: 'hi' });
});

test.serial('account names and user agents that contain markup are shown as text', async (t) => {
  await kit.manager.createSession(hostile, { userAgent: hostile, ip: hostile.slice(0, 40) });
  kit.manager.reportRefused(await kit.manager.authenticate('a'.repeat(64)).catch((error) => error), {
    userAgent: hostile,
  });
  const page = await openConsole(t);
  await search(page, hostile);
  await rows(page, 'Sessions').first().getByText('<img src=x').first().waitFor();
  await page.getByRole('row').filter({ hasText: 'refused: unknown' }).getByText('<img src=x').waitFor();
  t.is(await page.locator('img').count(), 0);
  t.is(await page.evaluate('window.hacked'), undefined);
});

test.serial('the page counts the sessions when the operator asks for the count', async (t) => {
  const page = await openConsole(t);
  await page.getByRole('button', { name: 'Count' }).click();
  await page
    .getByText(/^[0-9]+ sessions, [0-9]+ accounts active within an hour; in all apps [0-9]+ online, [0-9]+ away/)
    .waitFor();
  t.pass();
});

test.serial('the answer to an earlier search is not shown under a later one', async (t) => {
  for (const account of ['frank', 'grace']) await kit.manager.createSession(account);
  const page = await openConsole(t);
  const gate = new Gate();
  await page.route('**/api/sessions?account=frank', async (route) => {
    await gate.pass();
    await route.continue();
  });
  const late = page.waitForResponse('**/api/sessions?account=frank');
  await search(page, 'frank');
  await page.getByText('Loading…').waitFor();
  await search(page, 'grace');
  await page.getByText('1 session of grace').waitFor();
  gate.open();
  await (await late).finished();
  // The page has taken in the late answer before the answers to requests that it sends after it.
  await page.waitForResponse('**/api/overview');
  await page.waitForResponse('**/api/overview');
  const shown = await rows(page, 'Sessions').allTextContents();
  t.is(shown.length, 1);
  t.regex(shown[0] ?? '', /^grace/);
});

test.serial('the page does not send a token that an operator types into the search field', async (t) => {
  const { token } = await kit.manager.createSession('dave');
  const page = await openConsole(t);
  const sent: string[] = [];
  page.on('request', (request) => sent.push(request.url()));
  await search(page, token);
  await page.getByText('This looks like a token.').waitFor();
  t.deepEqual(
    sent.filter((url) => url.includes(token.slice(24))),
    [],
  );
});

test.serial('a paused page sends no requests, and continues when it is resumed', async (t) => {
  const page = await openConsole(t);
  let looks = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/overview')) looks += 1;
  });
  await until(() => looks > 0);
  await page.getByRole('button', { name: 'Pause' }).click();
  const before = looks;
  await kit.manager.createSession('erin');
  await page.getByRole('button', { name: 'All sessions' }).click();
  await rows(page, 'Sessions').filter({ hasText: 'erin' }).waitFor();
  t.is(looks, before);
  await page.getByRole('button', { name: 'Resume' }).click();
  await until(() => looks > before);
  t.pass();
});

test.serial('in light colours the page has no serious accessibility violation', async (t) => {
  const page = await openConsole(t, { colorScheme: 'light' });
  await rows(page, 'Sessions').first().waitFor();
  t.deepEqual(await seriousViolations(page), []);
});

test.serial(
  'in dark colours on a phone with reduced motion the page and its dialog have no serious accessibility violation, and fit',
  async (t) => {
    const page = await openConsole(t, { ...phone, colorScheme: 'dark', reducedMotion: 'reduce' });
    await page
      .getByRole('button', { name: /^Push to / })
      .first()
      .click();
    await page.getByRole('dialog').waitFor();
    // The page behind a dialog is inert. Therefore the first run sees only the dialog, and the second run sees the page.
    t.deepEqual(await seriousViolations(page), []);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    t.deepEqual(await seriousViolations(page), []);
    t.is(await overhang(page), 0);
  },
);
