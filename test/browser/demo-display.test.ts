import { readFileSync } from 'node:fs';
import test from 'ava';
import { projectPath } from '../architecture/source-tree.js';
import { DemoPage } from './demo-stage.js';
import { contrast, overhang, paintedText } from './readable.js';

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const axe = readFileSync(projectPath('node_modules/axe-core/axe.min.js'), 'utf8');

test.serial('HTML in an account name and in a message is shown as text', async (t) => {
  const html = '<img src=x onerror="document.title=1"><b>bold</b>';
  const demo = await DemoPage.open(t);
  await demo.page.getByLabel('Account', { exact: true }).fill(html);
  await demo.page.getByRole('button', { name: 'Log in', exact: true }).click();
  await demo.listening(5);
  await demo.send(html, 'Everyone');
  await demo.device('Laptop').getByText(html).waitFor();
  await demo.page.getByRole('heading', { name: html }).waitFor();
  t.is(await demo.page.locator('img, b:not([id])').count(), 0);
});

test.serial('the page uses no inline script, no style element and no other site', async (t) => {
  const { page } = await DemoPage.open(t);
  const { origin } = new URL(page.url());
  const elsewhere: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(origin)) elsewhere.push(request.url());
  });
  await page.reload();
  await page.getByText('4 of 4 devices listening').waitFor();
  t.is(await page.locator('script:not([src]), style, [onclick], [onload]').count(), 0);
  t.deepEqual(elsewhere, []);
});

test.serial(
  'with the keyboard alone a user sends a message, puts a device to sleep, wakes it, and logs a device in',
  async (t) => {
    const demo = await DemoPage.open(t);
    const { page } = demo;
    const { keyboard } = page;
    await page.getByLabel('Message', { exact: true }).focus();
    await keyboard.press('Enter');
    await page.getByText('Accepted by 3 mailboxes.').waitFor();
    await page.getByRole('link', { name: 'Skip to the devices' }).focus();
    await keyboard.press('Enter');
    for (let presses = 0; presses < 4; presses += 1) await keyboard.press('Tab');
    t.is(await page.evaluate('document.activeElement.id'), 'sixth');
    await keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    await demo.listening(5);
    const sleep = demo.device('Laptop').getByRole('button', { name: /^Sleep/ });
    for (let presses = 0; presses < 4; presses += 1) await keyboard.press('Tab');
    await sleep.and(page.locator(':focus')).waitFor();
    t.is(
      await page.locator('#code').textContent(),
      'const { cursor: after } = mailbox;\nmailbox.close(); // later, as the same reader:\nmailbox = connect({ token, reader, after });',
    );
    await keyboard.press('Enter');
    await demo.device('Laptop').getByText('Asleep').waitFor();
    await keyboard.press('Enter');
    await demo.listening(5);
  },
);

test.serial('the path of a message is animated, except for a user who prefers reduced motion', async (t) => {
  const moving = await DemoPage.open(t, { reducedMotion: 'no-preference' });
  const drawn = moving.page.locator('#travel i').first().waitFor({ state: 'attached' });
  await moving.page.getByRole('button', { name: '20 a second' }).click();
  await drawn;
  await moving.page.getByRole('button', { name: 'Stop sending' }).click();
  const still = await DemoPage.open(t);
  const count =
    '(() => { globalThis.dots = 0; new MutationObserver((all) => { dots += all.length; }).observe(document.querySelector("#travel"), { childList: true }); })()';
  await still.page.evaluate(count);
  await still.send('At rest');
  await still.accounted(3);
  t.is(await still.page.evaluate('dots'), 0);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.serial(
    `in the ${colorScheme} scheme axe finds no serious violation, and every text has enough contrast`,
    async (t) => {
      const demo = await DemoPage.open(t, { colorScheme });
      const { page } = demo;
      await demo.act(demo.device('Phone'), 'Sleep');
      await demo.act(demo.device('Phone'), 'Flood');
      await demo.act(demo.device('Tablet'), 'Log out');
      await demo.act(demo.device('Laptop', 'ben'), 'Go offline');
      await page.getByRole('button', { name: 'Log in the sixth' }).click();
      await page.locator('.device[data-state=refused]').waitFor();
      await page.getByText(/will be told/).waitFor();
      const texts = await paintedText(page);
      t.true(texts.length > 60);
      for (const text of texts) t.true(contrast(text) >= 4.5, JSON.stringify(text));
      await page.evaluate(axe);
      const run = 'axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations)';
      const found = await page.evaluate<{ impact: string; id: string; nodes: { html: string }[] }[]>(run);
      const serious = found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      t.deepEqual(
        serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
        [],
      );
    },
  );
}

test.serial('on a phone 360 pixels wide nothing is wider than the window', async (t) => {
  const demo = await DemoPage.open(t, phone);
  const { page } = demo;
  await page.getByLabel('Account', { exact: true }).fill('w'.repeat(120));
  await page.getByRole('button', { name: 'Log in the sixth' }).click();
  await page.locator('.device[data-state=refused]').waitFor();
  await demo.send('x'.repeat(300), 'Everyone');
  await demo.device('Laptop').getByText('x'.repeat(300)).waitFor();
  t.is(await overhang(page), 0);
});
