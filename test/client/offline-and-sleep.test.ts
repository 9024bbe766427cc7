import test from 'ava';
import { watchForSleep } from '../../src/client/surroundings.js';
import { eventually } from '../support/eventually.js';
import { ClientStage, Device, ManualClock, Network, next, takeAll } from './client-stage.js';

test('without network the client is away, and it reconnects immediately when the network is back', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const device = new Device(new ManualClock());
  const mailbox = stage.connect({ device, fetch: network.fetch });
  const { taken } = takeAll(mailbox);
  await eventually(() => stage.kit.room.held === 1);
  const away = next(mailbox, 'away');
  network.answer = () => Response.error();
  device.luck = 0.5;
  device.isWithoutNetwork = true;
  device.sign('offline');
  await away;
  t.is(mailbox.state, 'away');
  await stage.push('meanwhile');
  device.isWithoutNetwork = false;
  network.answer = undefined;
  device.sign('awake');
  await eventually(() => taken.length === 1);
  t.is(mailbox.state, 'open');
});

test('a device that wakes polls again, because its connection may be dead; showing the page causes no new poll', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const device = new Device();
  const mailbox = stage.connect({ device, fetch: network.fetch });
  await eventually(() => stage.kit.room.held === 1);
  t.is(network.paths.length, 2);
  device.sign('visible');
  device.sign('awake');
  await eventually(() => network.paths.length === 4 && stage.kit.room.held === 1);
  t.is(mailbox.state, 'open');
});

test('a jump of the clock counts as sleep of the device; a delayed timer does not', async (t) => {
  const clock = new ManualClock();
  let nights = 0;
  let now = clock.now();
  const sleeping = {
    now: () => now,
    setTimer: (delay: number, callback: () => void) => clock.setTimer(delay, callback),
  };
  const end = watchForSleep(sleeping, () => {
    nights += 1;
  });
  now += 60_000;
  await clock.advance(5_000);
  t.is(nights, 0);
  now += 3_600_000;
  await clock.advance(5_000);
  t.is(nights, 1);
  now += 5_000;
  await clock.advance(5_000);
  t.is(nights, 1);
  end();
  t.is(clock.pending, 0);
});
