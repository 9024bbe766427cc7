import test, { type ExecutionContext } from 'ava';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { limits } from '../support/limits.js';
import { DemoServer } from './demo-server.js';
import { contrast, overhang, paintedText } from './readable.js';

const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const PHONE = { viewport: { width: 360, height: 740 } };

let browser: Browser;
let server: DemoServer;
const pageErrors: string[] = [];

test.before(async () => {
  server = await DemoServer.create();
  await server.start();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: CHROMIUM_FLAGS,
  });
});

test.serial.afterEach('no page has thrown an error or violated its content security policy', (t) => {
  t.deepEqual(pageErrors.splice(0), []);
});

test.after.always('the demo stops with exit code 0 when it is asked to', async (t) => {
  await browser?.close();
  const code = await server?.stop();
  await server?.destroy();
  t.is(code, 0);
});

/** A page in a browser context of its own, as in another browser. */
async function openPage(t: ExecutionContext, options: BrowserContextOptions = {}, at = server): Promise<Page> {
  const context = await browser.newContext(options);
  t.teardown(() => context.close());
  context.setDefaultTimeout(limits.event);
  context.on('weberror', (event) => pageErrors.push(event.error().message));
  context.on('console', (line) => {
    if (line.text().includes('Content Security Policy')) pageErrors.push(line.text());
  });
  const page = await context.newPage();
  await page.goto(at.url);
  return page;
}

async function logIn(page: Page, account: string): Promise<void> {
  await accountField(page).fill(account);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await listening(page);
}

async function loggedIn(t: ExecutionContext, account: string, options?: BrowserContextOptions): Promise<Page> {
  const page = await openPage(t, options);
  await logIn(page, account);
  return page;
}

async function listening(page: Page): Promise<void> {
  await page.getByText('Listening', { exact: true }).waitFor();
  await devices(page).first().waitFor();
}

// Two forms have such a field, but only one of them is visible at a time.
const accountField = (page: Page): Locator => page.getByRole('textbox', { name: 'Account', exact: true });
const devices = (page: Page): Locator => page.getByRole('list', { name: 'Devices' }).getByRole('listitem');
const thisDevice = (page: Page): Locator => devices(page).filter({ hasNot: page.getByRole('button') });
const otherDevice = (page: Page): Locator => devices(page).filter({ has: page.getByRole('button') });
const messages = (page: Page): Locator => page.getByRole('log').getByRole('listitem');
const message = (page: Page, text: string): Locator => messages(page).filter({ hasText: text });
const focused = (page: Page, target: Locator): Locator => target.and(page.locator(':focus'));

/** What the log shows, oldest first. */
async function received(page: Page): Promise<string[]> {
  return (await messages(page).locator('.body').allTextContents()).reverse();
}

/** The full id of this page's session, from its tooltip in the list. */
async function sessionId(page: Page): Promise<string> {
  return (await thisDevice(page).locator('code').getAttribute('title')) ?? '';
}

async function send(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

async function choose(page: Page, option: string): Promise<void> {
  await page.locator('#send').getByText(option, { exact: true }).first().click();
}

async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    if ((await focused(page, target).count()) === 1) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`The Tab key does not reach ${target}`);
}

// ---- Sessions

test.serial('a login lists the new session as this device, online, with an empty mailbox', async (t) => {
  const page = await loggedIn(t, 'ada');
  await page.getByRole('heading', { name: 'ada' }).waitFor();
  await devices(page).getByText('This device').waitFor();
  await devices(page).getByText('online').waitFor();
  await devices(page).getByText('0 of 50 waiting').waitFor();
  t.is(await devices(page).count(), 1);
});

test.serial('a second browser that logs in as the same account appears in the first one’s list', async (t) => {
  const first = await loggedIn(t, 'ben');
  const second = await loggedIn(t, 'ben');
  await otherDevice(first).waitFor();
  await otherDevice(second).waitFor();
  t.is(await otherDevice(first).locator('code').getAttribute('title'), await sessionId(second));
});

test.serial('a device that another one logs out shows the reason and the login form', async (t) => {
  const first = await loggedIn(t, 'cleo');
  const second = await loggedIn(t, 'cleo');
  await otherDevice(first).getByRole('button', { name: 'Log out' }).click();
  const reason = second.getByRole('alert');
  await reason.filter({ hasText: /\w+/ }).waitFor();
  t.regex((await reason.textContent()) ?? '', /logged out|revoked|another/i);
  await focused(second, accountField(second)).waitFor();
  await otherDevice(first).waitFor({ state: 'detached' });
  t.is(await devices(first).count(), 1);
});

test.serial('one button logs out all other devices, another one this device', async (t) => {
  const first = await loggedIn(t, 'dora');
  const second = await loggedIn(t, 'dora');
  const third = await loggedIn(t, 'dora');
  await otherDevice(first).nth(1).waitFor();
  await first.getByRole('button', { name: 'Log out all other devices' }).click();
  await second.getByRole('alert').filter({ hasText: /\w+/ }).waitFor();
  await third.getByRole('alert').filter({ hasText: /\w+/ }).waitFor();
  await first.getByRole('button', { name: 'Log out', exact: true }).click();
  await first.getByText('You are logged out.').waitFor();
  await first.reload();
  await first.getByRole('button', { name: 'Log in', exact: true }).waitFor();
  t.pass();
});

test.serial('a login past the limit logs out the oldest device, which shows the reason', async (t) => {
  const oldest = await loggedIn(t, 'eve');
  for (let login = 0; login < 5; login++) await server.logIn('eve');
  const reason = oldest.getByRole('alert').filter({ hasText: /\w+/ });
  await reason.waitFor();
  t.regex((await reason.textContent()) ?? '', /newer session/i);
  await oldest.getByText('One more login ends the oldest session.').waitFor();
});

test.serial('with onMaxSession reject, the page says why the login past the limit is refused', async (t) => {
  const rejecting = await DemoServer.create();
  t.teardown(() => rejecting.destroy());
  await rejecting.start({ SESSION_ON_MAX_SESSION: 'reject' });
  for (let login = 0; login < 5; login++) await rejecting.logIn('eve');
  const page = await openPage(t, {}, rejecting);
  await page.getByText('One more login is refused.').waitFor();
  await accountField(page).fill('eve');
  await page.keyboard.press('Enter');
  await page.getByRole('status').filter({ hasText: /5/ }).waitFor();
  t.true(await accountField(page).isVisible());
});

// ---- Messages

test.serial('a push to the account by the form arrives on every device of it, and on no other', async (t) => {
  const first = await loggedIn(t, 'finn');
  const second = await loggedIn(t, 'finn');
  const stranger = await loggedIn(t, 'gina');
  await send(first, 'Hello, all of you');
  await first.getByText('Delivered to 2 mailboxes.').waitFor();
  await message(first, 'Hello, all of you').waitFor();
  await message(second, 'Hello, all of you').waitFor();
  t.is(await messages(stranger).count(), 0);
});

test.serial('a push to a device arrives there alone, a push to everyone at every account', async (t) => {
  const first = await loggedIn(t, 'hana');
  const second = await loggedIn(t, 'hana');
  const stranger = await loggedIn(t, 'ivan');
  await otherDevice(first).waitFor();
  await choose(first, 'Device');
  await first.getByRole('combobox', { name: 'Device' }).selectOption(await sessionId(second));
  await send(first, 'For one');
  await message(second, 'For one').waitFor();
  await choose(first, 'Everyone');
  await send(first, 'For all');
  await message(first, 'For all').waitFor();
  await message(second, 'For all').waitFor();
  await message(stranger, 'For all').waitFor();
  t.deepEqual(await received(first), ['For all']);
  t.deepEqual(await received(second), ['For one', 'For all']);
  t.deepEqual(await received(stranger), ['For all']);
});

test.serial('JSON is shown as JSON, and invalid JSON is not sent', async (t) => {
  const page = await loggedIn(t, 'judy');
  await choose(page, 'JSON');
  await send(page, '{"order": 7');
  await page.locator('#data:invalid').waitFor();
  await focused(page, page.getByLabel('Message', { exact: true })).waitFor();
  await send(page, '{"order": 7}');
  await message(page, '"order": 7').waitFor();
  t.deepEqual(await received(page), ['{\n  "order": 7\n}']);
});

test.serial('a push with a wrong admin key is refused; the page says so and keeps the text', async (t) => {
  const page = await loggedIn(t, 'karl');
  await page.getByLabel('Admin key').fill('guessed');
  await send(page, 'Not for sending');
  await page.locator('#send-note[data-tone=bad]').waitFor();
  t.is(await page.getByLabel('Message', { exact: true }).inputValue(), 'Not for sending');
  t.is(await messages(page).count(), 0);
});

test.serial('HTML in an account name and in a message is shown as text', async (t) => {
  const html = '<img src=x onerror="document.title=1"><b>bold</b>';
  const page = await loggedIn(t, html);
  await page.getByRole('heading', { name: html }).waitFor();
  await send(page, html);
  await message(page, html).waitFor();
  await choose(page, 'JSON');
  await send(page, JSON.stringify({ html }));
  await message(page, '"html"').waitFor();
  t.is(await page.locator('img, b').count(), 0);
});

test.serial('after a reload the page shows the same messages, and receives later ones', async (t) => {
  const page = await loggedIn(t, 'lena');
  await server.push({ account: 'lena' }, { text: 'Before' });
  await message(page, 'Before').waitFor();
  await page.reload();
  await listening(page);
  await page.getByRole('heading', { name: 'lena' }).waitFor();
  await server.push({ account: 'lena' }, { text: 'After' });
  await message(page, 'After').waitFor();
  t.deepEqual(await received(page), ['Before', 'After']);
});

test.serial('after an overflow of its mailbox the page says how many messages it missed', async (t) => {
  const page = await loggedIn(t, 'mona');
  await server.push({ account: 'mona' }, { text: 'Seen' });
  await message(page, 'Seen').waitFor();
  await page.goto('about:blank');
  for (let n = 1; n <= 53; n++) await server.push({ account: 'mona' }, { text: `Away ${n}` });
  await page.goto(server.url);
  await message(page, '3 messages were missed').waitFor();
  const expected = Array.from({ length: 50 }, (_, n) => `Away ${n + 4}`);
  const [seen, missed, ...rest] = await received(page);
  t.is(seen, 'Seen');
  t.regex(missed ?? '', /^3 messages were missed/);
  t.deepEqual(rest, expected);
});

// ---- Tabs

test.serial('two tabs of one browser are one session, and both receive', async (t) => {
  const first = await loggedIn(t, 'nils');
  const second = await first.context().newPage();
  await second.goto(server.url);
  await listening(second);
  await second.getByRole('heading', { name: 'nils' }).waitFor();
  await server.push({ account: 'nils' }, { text: 'For both' });
  await message(first, 'For both').waitFor();
  await message(second, 'For both').waitFor();
  t.is(await devices(first).count(), 1);
  t.is(await sessionId(first), await sessionId(second));
});

test.serial(
  'a duplicated tab, which starts with a copy of the session storage, does not end the poll of the first',
  async (t) => {
    const first = await loggedIn(t, 'olga');
    const opening = first.waitForEvent('popup');
    await first.evaluate('void window.open(location.href)');
    const second = await opening;
    await listening(second);
    await server.push({ account: 'olga' }, { text: 'For both' });
    await message(first, 'For both').waitFor();
    await message(second, 'For both').waitFor();
    await first.getByText('Listening', { exact: true }).waitFor();
    t.pass();
  },
);

test.serial('a tab whose reader name another client uses stops, says so, and resumes on request', async (t) => {
  const page = await openPage(t);
  const polling = page.waitForRequest((request) => request.url().includes('/poll?'));
  await logIn(page, 'pia');
  const reader = new URL((await polling).url()).searchParams.get('reader') ?? '';
  await page.context().request.get(`${server.url}/poll`, { params: { reader, after: '', wait: 0 } });
  await page.getByText('Paused', { exact: true }).waitFor();
  await server.push({ account: 'pia' }, { text: 'Meanwhile' });
  await page.getByRole('button', { name: 'Resume here' }).click();
  await message(page, 'Meanwhile').waitFor();
  await listening(page);
  t.deepEqual(await received(page), ['Meanwhile']);
});

test.serial('a login as another account in a second tab changes the account of the first tab', async (t) => {
  const first = await loggedIn(t, 'quinn');
  await server.push({ account: 'quinn' }, { text: 'For quinn' });
  await message(first, 'For quinn').waitFor();
  const second = await first.context().newPage();
  await second.goto(server.url);
  await second.getByRole('button', { name: 'Log out', exact: true }).click();
  await first.getByRole('button', { name: 'Log in', exact: true }).waitFor();
  await logIn(second, 'rosa');
  await first.getByRole('heading', { name: 'rosa' }).waitFor();
  await listening(first);
  t.deepEqual(await received(first), []);
});

test.serial('a page that returns from the back/forward cache goes on where it was', async (t) => {
  const page = await loggedIn(t, 'ruth');
  await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))");
  await server.push({ account: 'ruth' }, { text: 'While cached' });
  await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
  await message(page, 'While cached').waitFor();
  t.deepEqual(await received(page), ['While cached']);
});

// ---- Connection problems

test.serial('a page that loses the network says so, tries again and misses no message', async (t) => {
  const page = await loggedIn(t, 'sara');
  await page.context().setOffline(true);
  await page.getByText('Not connected', { exact: true }).waitFor();
  await page.getByText(/Trying again in \d+ second/).waitFor();
  await server.push({ account: 'sara' }, { text: 'While you were out' });
  await page.context().setOffline(false);
  await message(page, 'While you were out').waitFor();
  await listening(page);
  t.true(await page.getByRole('button', { name: 'Try now' }).isHidden());
});

test.serial('after a restart of the server the page resumes, logged in, and misses no message', async (t) => {
  const own = await DemoServer.create();
  t.teardown(() => own.destroy());
  await own.start();
  const page = await openPage(t, {}, own);
  await logIn(page, 'tess');
  const away = await openPage(t, {}, own);
  await logIn(away, 'tess');
  const id = await sessionId(page);
  await away.goto('about:blank');
  await own.push({ account: 'tess' }, { text: 'Before the stop' });
  await message(page, 'Before the stop').waitFor();
  t.is(await own.stop(), 0);
  await page.getByText('Not connected', { exact: true }).waitFor();
  await own.start();
  await own.push({ account: 'tess' }, { text: 'After the start' });
  await message(page, 'After the start').waitFor();
  await listening(page);
  await away.goto(own.url);
  await message(away, 'After the start').waitFor();
  t.deepEqual(await received(page), ['Before the stop', 'After the start']);
  t.deepEqual(await received(away), ['Before the stop', 'After the start']);
  t.is(await sessionId(page), id);
  t.is(await own.stop(), 0);
});

// ---- Accessibility and layout

test.serial('login, push and logout of a device work with the keyboard alone', async (t) => {
  await loggedIn(t, 'uma');
  const page = await openPage(t);
  await focused(page, accountField(page)).waitFor();
  await page.keyboard.type('uma');
  await page.keyboard.press('Enter');
  await listening(page);
  await tabTo(page, page.getByLabel('Message', { exact: true }));
  await page.keyboard.type('Typed, not clicked');
  await page.keyboard.press('Control+Enter');
  await message(page, 'Typed, not clicked').waitFor();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Shift+Tab');
  await tabTo(page, page.getByRole('radio', { name: 'Account' }));
  await page.keyboard.press('ArrowRight');
  await page.getByText('Every session of every account receives it.').waitFor();
  await page.reload();
  await listening(page);
  await tabTo(page, page.getByRole('link', { name: 'Skip to content' }));
  await page.keyboard.press('Enter');
  await tabTo(page, otherDevice(page).getByRole('button', { name: 'Log out' }));
  await page.keyboard.press('Enter');
  await otherDevice(page).waitFor({ state: 'detached' });
  await focused(page, page.getByRole('heading', { name: 'Devices' })).waitFor();
  t.is(await devices(page).count(), 1);
});

test.serial('a refresh of the list of devices does not move the focus', async (t) => {
  const page = await loggedIn(t, 'vera');
  const second = await loggedIn(t, 'vera');
  const button = otherDevice(page).getByRole('button', { name: 'Log out' });
  await button.focus();
  await second.goto('about:blank');
  await server.push({ account: 'vera' }, { text: 'Waits for the other' });
  await otherDevice(page).getByText('1 of 50 waiting').waitFor();
  await loggedIn(t, 'vera');
  await devices(page).nth(2).waitFor();
  t.is(await focused(page, button.first()).count(), 1);
});

test.serial('on a phone 360 pixels wide nothing is wider than the page', async (t) => {
  const page = await openPage(t, PHONE);
  await accountField(page).waitFor();
  t.is(await overhang(page), 0);
  await logIn(page, 'w'.repeat(120));
  await loggedIn(t, 'w'.repeat(120));
  await otherDevice(page).waitFor();
  await send(page, 'x'.repeat(300));
  await message(page, 'x'.repeat(300)).waitFor();
  await choose(page, 'JSON');
  await send(page, JSON.stringify({ long: 'y'.repeat(300) }));
  await message(page, '"long"').waitFor();
  await choose(page, 'Device');
  t.is(await overhang(page), 0);
});

test.serial('every text has enough contrast in the light and in the dark scheme, which differ', async (t) => {
  const schemes = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await openPage(t, { colorScheme, reducedMotion: 'reduce' });
    await accountField(page).waitFor();
    const texts = await paintedText(page);
    await logIn(page, `xena-${colorScheme}`);
    await send(page, 'Readable');
    await message(page, 'Readable').waitFor();
    await page.getByLabel('Admin key').fill('wrong');
    await send(page, 'Refused');
    await page.locator('#send-note[data-tone=bad]').waitFor();
    await page.context().setOffline(true);
    await page.getByText('Not connected', { exact: true }).waitFor();
    texts.push(...(await paintedText(page)));
    for (const text of texts) t.true(contrast(text) >= 4.5, `${colorScheme}: ${JSON.stringify(text)}`);
    schemes.push(texts.map(({ color, background }) => `${color} on ${background}`));
  }
  const [light, dark] = schemes as [string[], string[]];
  t.true(light.length > 20);
  for (const pair of light) t.false(dark.includes(pair), pair);
});

test.serial('the page uses no inline script, no inline style and no other site', async (t) => {
  const page = await openPage(t);
  const elsewhere: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url)) elsewhere.push(request.url());
  });
  await page.reload();
  await logIn(page, 'yara');
  t.is(await page.locator('script:not([src]), style, [style], [onclick], [onload]').count(), 0);
  t.deepEqual(elsewhere, []);
});
