import test from 'ava';
import { eventually } from '../support/eventually.js';
import { ClientStage, Device, ManualClock, take, takeAll } from './client-stage.js';
import { isOpen, locks, open, pageLocation, setLocation } from './tabs-stage.js';

test.serial('if the browser denies a page Web Locks, each tab has its own connection', async (t) => {
  const stage = await ClientStage.start(t);
  locks.areDenied = true;
  t.teardown(() => {
    locks.areDenied = false;
  });
  const clock = new ManualClock();
  const tabs = [open(stage, { device: new Device(clock) }), open(stage, { device: new Device(clock) })];
  await Promise.all(tabs.map(isOpen));
  // Without locks a tab keeps its connection, even if it takes no messages for a long time.
  await stage.push('one');
  await clock.advance(20_000);
  for (const tab of tabs) t.deepEqual(await take(tab, 1), ['one']);
  t.deepEqual(
    tabs.map(({ state }) => state),
    ['open', 'open'],
  );
});

test.serial('outside of a page each client has its own connection, because it may be of another session', async (t) => {
  const stage = await ClientStage.start(t);
  // Node 24 has locks and channels, but no cookies: each client has a `fetch` with the cookie of its session.
  setLocation(undefined);
  t.teardown(() => setLocation(pageLocation));
  const other = await stage.kit.logIn('bob');
  const mine = open(stage);
  await isOpen(mine);
  const cookie = `sid=${other.token}`;
  const headers = { cookie, 'sec-fetch-site': 'same-origin' };
  const theirs = open(stage, { fetch: (input, init) => fetch(input, { ...init, headers }) });
  await isOpen(theirs);
  const loops = [mine, theirs].map(takeAll);
  await stage.push('for me');
  await stage.kit.manager.push(other.id, 'for bob');
  await eventually(() => loops.every(({ taken }) => taken.length === 1));
  t.deepEqual(
    loops.map(({ taken }) => taken),
    [['for me'], ['for bob']],
  );
});
