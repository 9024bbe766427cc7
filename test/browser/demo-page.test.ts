import test from 'ava';
import { DemoPage } from './demo-stage.js';

async function choosePolicy({ page }: DemoPage, words: string): Promise<void> {
  await page.locator('#policies').getByText(words).click();
}

// ---- Sessions

test.serial(
  'four devices listen by poll, stream and WebSocket, and a push to an account reaches its three devices',
  async (t) => {
    const demo = await DemoPage.open(t);
    const { page } = demo;
    const transports = "[...document.querySelectorAll('.device select')].map((select) => select.value)";
    t.deepEqual(await page.evaluate(transports), ['sse', 'poll', 'websocket', 'websocket']);
    await demo.send('Hello, all of you');
    await page.getByText('Accepted by 3 mailboxes.').waitFor();
    const totals = await demo.accounted(3);
    t.deepEqual(totals, { sent: 3, delivered: 3, waiting: 0, lost: 0, told: 0 });
    for (const label of ['Laptop', 'Phone', 'Tablet']) {
      t.deepEqual(await demo.log(demo.device(label)), ['1 Hello, all of you']);
    }
    t.deepEqual(await demo.log(demo.device('Laptop', 'ben')), []);
  },
);

test.serial('the sixth login of an account is refused, and its device shows the reason', async (t) => {
  const demo = await DemoPage.open(t);
  await demo.page.getByRole('button', { name: 'Log in the sixth' }).click();
  const refused = demo.page.locator('.device[data-state=refused]');
  await refused.getByText(/at most maxSession \(5\).*\(409 SESSION_LIMIT\)/).waitFor();
  await demo.page.getByRole('status').filter({ hasText: 'was refused' }).waitFor();
  await demo.listening(6);
  await refused.getByRole('button', { name: /^Dismiss/ }).click();
  await refused.waitFor({ state: 'detached' });
  t.pass();
});

test.serial(
  'under the other policies the sixth login ends the session of the oldest or the idlest device, which shows the reason',
  async (t) => {
    const demo = await DemoPage.open(t);
    const { page } = demo;
    for (const words of ['ends the oldest', 'ends the idlest']) {
      await choosePolicy(demo, words);
      await demo.listening(4);
      await page.getByRole('button', { name: 'Log in the sixth' }).click();
      const evicted = page.locator('.device[data-state=ended]');
      await evicted.getByText('A newer session of the account took the place of this one. (evicted)').waitFor();
      t.is(await evicted.count(), 1);
      await demo.listening(6);
      if (words === 'ends the oldest') t.is(await demo.device('Laptop').getAttribute('data-state'), 'ended');
    }
    await choosePolicy(demo, 'is refused');
    await demo.listening(4);
  },
);

test.serial('a device that is logged out shows it, and gets another session at its next login', async (t) => {
  const demo = await DemoPage.open(t);
  await demo.act(demo.device('Tablet'), 'Log out');
  await demo.device('Tablet').getByText('Logged out', { exact: true }).waitFor();
  await demo.act(demo.device('Tablet'), 'Log in again');
  await demo.listening(4);
  t.is(await demo.page.locator('.device[data-state=ended]').count(), 0);
});

test.serial('a device whose token was rotated continues to read, and misses no message', async (t) => {
  const demo = await DemoPage.open(t);
  for (const label of ['Laptop', 'Phone', 'Tablet']) await demo.act(demo.device(label), 'Roll token');
  await demo.page.getByText(/has a new token/).waitFor();
  await demo.send('With the new token');
  for (const label of ['Laptop', 'Phone', 'Tablet']) await demo.figure(demo.device(label), 'Delivered', 1);
  t.deepEqual(await demo.accounted(3), { sent: 3, delivered: 3, waiting: 0, lost: 0, told: 0 });
});

// ---- Failures

test.serial('a device without network receives the missed messages when the network is back', async (t) => {
  const demo = await DemoPage.open(t);
  const labels = ['Laptop', 'Phone', 'Tablet'];
  for (const label of labels) await demo.act(demo.device(label), 'Go offline');
  await demo.send('One');
  await demo.page.getByText('Accepted by 3 mailboxes.').waitFor();
  await demo.send('Two');
  t.deepEqual(await demo.accounted(6), { sent: 6, delivered: 0, waiting: 6, lost: 0, told: 0 });
  for (const label of labels) await demo.act(demo.device(label), 'Go online');
  for (const label of labels) await demo.figure(demo.device(label), 'Delivered', 2);
  t.deepEqual(await demo.accounted(6), { sent: 6, delivered: 6, waiting: 0, lost: 0, told: 0 });
  t.deepEqual(await demo.log(demo.device('Phone')), ['2 Two', '1 One']);
});

test.serial(
  'a sleeping device loses the messages of a flood that exceed the bound of its mailbox, and is told so when it wakes',
  async (t) => {
    const demo = await DemoPage.open(t);
    const { page } = demo;
    const phone = demo.device('Phone');
    await demo.act(phone, 'Sleep');
    await demo.act(phone, 'Flood');
    await page.getByText('30 lost messages will be told with the next batch.').waitFor();
    t.is(await page.locator('#total-waiting').textContent(), '50');
    await phone.locator('.mailbox').getByText('50', { exact: true }).waitFor();
    await demo.act(phone, 'Wake');
    await demo.figure(phone, 'Told lost', 30);
    t.deepEqual(await demo.accounted(80), { sent: 80, delivered: 50, waiting: 0, lost: 30, told: 30 });
  },
);

test.serial(
  'during a restart of the server the page shows it; accepted messages arrive, and refused messages are reported',
  async (t) => {
    const demo = await DemoPage.open(t);
    const { page } = demo;
    await demo.act(demo.device('Phone'), 'Sleep');
    await demo.send('Before the stop');
    await page.getByText('Accepted by 3 mailboxes.').waitFor();
    await page.getByRole('button', { name: 'Restart the server' }).click();
    await page.getByText('The server is restarting; reconnecting', { exact: true }).waitFor();
    await demo.send('Into the void');
    await page.getByText(/^Not accepted/).waitFor();
    await page.getByText('The server is restarting; reconnecting', { exact: true }).waitFor({ state: 'hidden' });
    await demo.send('After the start');
    await demo.act(demo.device('Phone'), 'Wake');
    await demo.listening(4);
    await page.getByText('1 push was not accepted, and the sender knows.').waitFor();
    t.deepEqual(await demo.accounted(6), { sent: 6, delivered: 6, waiting: 0, lost: 0, told: 0 });
    t.deepEqual(await demo.log(demo.device('Phone')), ['2 After the start', '1 Before the stop']);
  },
);

test.serial(
  'an action that needs another start command is disabled, and names the command as the reason',
  async (t) => {
    const { page } = await DemoPage.open(t);
    for (const [name, command] of [
      ['Kill this worker', 'npm run start:cluster'],
      ['Stop Redis', 'npm run start:redis'],
    ] as const) {
      const button = page.getByRole('button', { name });
      t.is(await button.getAttribute('aria-disabled'), 'true');
      const hint = page.locator(`#${await button.getAttribute('aria-describedby')}`);
      t.is(await hint.textContent(), `Needs ${command}.`);
    }
  },
);

test.serial('each device may change its transport, unless a fourth device would then hold a connection', async (t) => {
  const demo = await DemoPage.open(t);
  const transport = (label: string, account?: string) => demo.device(label, account).getByRole('combobox');
  await transport('Tablet').selectOption('poll');
  await transport('Laptop').selectOption('websocket');
  await transport('Phone').selectOption('sse');
  await demo.send('By other ways');
  for (const label of ['Laptop', 'Phone', 'Tablet']) await demo.figure(demo.device(label), 'Delivered', 1);
  await transport('Laptop').selectOption('sse');
  await transport('Laptop', 'ben').selectOption('poll');
  await demo.page.getByText(/^A browser opens six connections/).waitFor();
  t.is(await transport('Laptop', 'ben').inputValue(), 'websocket');
});

// ---- Windows

test.serial(
  'a second window starts with all devices, both windows receive, and a reload changes nothing',
  async (t) => {
    const first = await DemoPage.open(t);
    await first.send('Before the window');
    await first.accounted(3);
    const second = await first.secondWindow();
    await second.listening(4);
    t.deepEqual(await second.log(second.device('Phone')), ['1 Before the window']);
    await second.send('For both');
    for (const demo of [first, second]) await demo.figure(demo.device('Phone'), 'Delivered', 2);
    await second.page.getByRole('button', { name: 'Log in', exact: true }).click();
    for (const demo of [first, second]) await demo.listening(5);
    await first.page.reload();
    await first.listening(5);
    t.deepEqual(await first.log(first.device('Phone')), ['2 For both', '1 Before the window']);
    t.deepEqual(await first.accounted(6), { sent: 6, delivered: 6, waiting: 0, lost: 0, told: 0 });
  },
);
