// Makes docs/demo.png, docs/demo-dark.png and docs/demo-animation.png of the running demo:
//   npm start, then: node scripts/demo-pictures.js [URL]
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { animate } from './apng.js';

const url = process.argv[2] ?? 'http://127.0.0.1:3000';
const docs = fileURLToPath(new URL('../docs/', import.meta.url));
const still = { width: 1440, height: 1270 };
const moving = { width: 1080, height: 720 };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});

async function open(viewport, colorScheme, reducedMotion) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByText('4 of 4 devices listening').waitFor();
  return page;
}

async function act(page, device, action) {
  await page.locator('.device').filter({ hasText: device }).first().getByRole('button', { name: action }).click();
}

/** Takes a picture of a sleeping device with a full mailbox, and of a refused login. */
async function stillLife(colorScheme) {
  const page = await open(still, colorScheme, 'reduce');
  await page.getByRole('button', { name: '20 a second' }).click();
  await page.waitForTimeout(12_000);
  await page.getByRole('button', { name: 'Stop sending' }).click();
  await act(page, 'Phone', 'Sleep');
  await act(page, 'Phone', 'Flood');
  await page.getByRole('button', { name: 'Log in the sixth' }).click();
  await page.locator('.device[data-state=refused]').waitFor();
  await page.waitForTimeout(2_500);
  const picture = await page.screenshot({ animations: 'disabled' });
  await page.context().close();
  return animate([picture], [1_000]);
}

/** Films messages on their way. A device falls asleep, its mailbox fills, the device wakes and drains. All counts add up. */
async function film() {
  const page = await open(moving, 'light', 'no-preference');
  // Slow the animations of the page down: a screenshot takes longer than a frame, and would skip parts of the way.
  const tools = await page.context().newCDPSession(page);
  await tools.send('Animation.enable');
  await tools.send('Animation.setPlaybackRate', { playbackRate: 0.2 });
  const frames = [];
  const delays = [];
  const shoot = async (count) => {
    for (let frame = 0; frame < count; frame += 1) {
      frames.push(await page.screenshot());
      delays.push(120);
    }
  };
  const send = page.getByRole('button', { name: 'Send', exact: true });
  const sendAndShoot = async () => {
    await send.click();
    await shoot(4);
  };
  await shoot(1);
  await sendAndShoot();
  await sendAndShoot();
  await act(page, 'Phone', 'Sleep');
  for (let round = 0; round < 3; round += 1) await sendAndShoot();
  await act(page, 'Phone', 'Flood');
  await shoot(7);
  delays[delays.length - 1] = 1_200;
  await act(page, 'Phone', 'Wake');
  await shoot(9);
  delays[delays.length - 1] = 2_000;
  await page.context().close();
  return animate(frames, delays);
}

for (const [name, make] of [
  ['demo.png', () => stillLife('light')],
  ['demo-dark.png', () => stillLife('dark')],
  ['demo-animation.png', film],
]) {
  const picture = await make();
  writeFileSync(`${docs}${name}`, picture);
  console.log(`docs/${name}: ${Math.round(picture.length / 1024)} KiB`);
}
await browser.close();
