import test from 'ava';
import { heard, Stage } from './client-stage.js';

test.serial('the tabs of a browser share one connection, and each tab receives every message once', async (t) => {
  const stage = await Stage.start(t);
  const tabs = [await stage.open(), await stage.open(), await stage.open()];
  await stage.site.push('one', 'two');
  for (const tab of tabs) await heard(tab, 'one', 'two');
  await stage.site.isHeld(1);
  await stage.site.push('three');
  for (const tab of tabs) await heard(tab, 'one', 'two', 'three');
  await stage.site.isHeld(1);
  t.is(await stage.site.kept(), 0);
});

test.serial('when the connected tab closes, another tab connects and misses no message', async (t) => {
  const stage = await Stage.start(t);
  const [first, second, third] = [await stage.open(), await stage.open(), await stage.open()];
  await stage.site.push('one');
  for (const tab of [first, second, third]) await heard(tab, 'one');
  await first.close();
  await stage.site.push('two');
  for (const tab of [second, third]) await heard(tab, 'one', 'two');
  await stage.site.isHeld(1);
  t.pass();
});

test.serial('when the connected tab crashes, another tab connects and misses no message', async (t) => {
  const stage = await Stage.start(t);
  const [first, second] = [await stage.open(), await stage.open()];
  await stage.site.push('one');
  for (const tab of [first, second]) await heard(tab, 'one');
  const tools = await stage.context.newCDPSession(first);
  const crashed = first.waitForEvent('crash');
  // The command gets no answer, because the page crashes.
  tools.send('Page.crash').catch(() => {});
  await crashed;
  await stage.site.push('two');
  await heard(second, 'one', 'two');
  await stage.site.isHeld(1);
  t.pass();
});

test.serial('when the connected tab hangs, another tab takes the connection over', async (t) => {
  const stage = await Stage.start(t);
  const [first, second] = [await stage.open(), await stage.open()];
  await stage.site.push('one');
  for (const tab of [first, second]) await heard(tab, 'one');
  const tools = await stage.context.newCDPSession(first);
  await tools.send('Debugger.enable');
  const paused = new Promise((resolve) => tools.once('Debugger.paused', resolve));
  await tools.send('Debugger.pause');
  await stage.site.push('two');
  await paused;
  await heard(second, 'one', 'two');
  await tools.send('Debugger.resume');
  await heard(first, 'one', 'two');
  await stage.site.push('three');
  for (const tab of [first, second]) await heard(tab, 'one', 'two', 'three');
  t.pass();
});

test.serial('a reloaded tab continues where it was, whether it is the connected tab or not', async (t) => {
  const stage = await Stage.start(t);
  const [first, second] = [await stage.open(), await stage.open()];
  await stage.site.push('one');
  for (const tab of [first, second]) await heard(tab, 'one');
  for (const [count, tab] of [first, second, first].entries()) {
    await tab.reload({ waitUntil: 'commit' });
    await stage.site.push(`after reload ${count}`);
    await tab.waitForFunction("globalThis.mailbox?.state === 'open'");
    await heard(tab, `after reload ${count}`);
    await tab.evaluate('void (heard.length = 0)');
    await (tab === first ? second : first).evaluate('void (heard.length = 0)');
  }
  t.pass();
});

test.serial('without network the tabs are away, and they continue when the network is back', async (t) => {
  const stage = await Stage.start(t);
  const [first, second] = [await stage.open(), await stage.open()];
  await stage.context.setOffline(true);
  for (const tab of [first, second]) await tab.waitForFunction("mailbox.state !== 'open'");
  await stage.site.push('meanwhile');
  await stage.context.setOffline(false);
  for (const tab of [first, second]) await heard(tab, 'meanwhile');
  t.pass();
});

test.serial('over a slow network no message is missed or delivered twice', async (t) => {
  const stage = await Stage.start(t);
  const tab = await stage.open();
  const tools = await stage.context.newCDPSession(tab);
  const slow = { offline: false, latency: 300, downloadThroughput: 20_000, uploadThroughput: 5_000 };
  await tools.send('Network.emulateNetworkConditions', slow);
  const numbers = Array.from({ length: 10 }, (_, number) => String(number));
  await stage.site.push(...numbers);
  await heard(tab, ...numbers);
  t.pass();
});

test.serial('without Web Locks each tab has its own connection', async (t) => {
  const stage = await Stage.start(t);
  await stage.context.addInitScript("Object.defineProperty(navigator, 'locks', { value: undefined })");
  const tabs = [await stage.open(), await stage.open()];
  await stage.site.isHeld(2);
  await stage.site.push('one');
  for (const tab of tabs) await heard(tab, 'one');
  t.pass();
});

test.serial('the end of the session ends the client of every tab', async (t) => {
  const stage = await Stage.start(t);
  const tabs = [await stage.open(), await stage.open()];
  await stage.site.isHeld(1);
  await stage.site.session.close('revoked');
  for (const tab of tabs) await heard(tab, 'closed revoked');
  t.pass();
});
