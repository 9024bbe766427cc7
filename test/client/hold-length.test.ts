import test from 'ava';
import { HoldLength } from '../../src/client/transports/poll.js';
import { eventually } from '../support/eventually.js';
import { ClientStage, Device, ManualClock, Network } from './client-stage.js';

test('after a proxy has cut two polls after the same time, the client asks for shorter polls', (t) => {
  const length = new HoldLength();
  length.cutAfter(20_000);
  t.is(length.current, 25_000, 'one may be a server that restarts');
  length.cutAfter(4_000);
  t.is(length.current, 25_000, 'another time is another cause');
  length.heldFor(5_000);
  length.cutAfter(4_100);
  t.is(length.current, 25_000, 'a poll was held for longer');
  length.cutAfter(10);
  length.cutAfter(10);
  t.is(length.current, 25_000, 'what fails at once was not held');
  length.cutAfter(20_000);
  length.cutAfter(19_000);
  t.is(length.current, 15_200);
});

test('after a cut the client asks for a little more with each poll that is held, and never for more than 25 s', (t) => {
  const length = new HoldLength();
  const cut = () => {
    length.cutAfter(10_000);
    length.cutAfter(10_000);
  };
  cut();
  let holds = 0;
  for (; length.current < 10_000 && holds < 1_000; holds += 1) length.heldFor(length.current);
  // A proxy with this limit cuts two polls now.
  t.true(holds > 200, `${holds} holds`);
  cut();
  t.is(length.current, 8_000);
  length.heldFor(0);
  t.is(length.current, 8_000, 'a poll that is answered at once was not held');
  for (let count = 0; count < 2_000; count += 1) length.heldFor(length.current);
  t.is(length.current, 25_000);
});

test('behind a proxy that cuts polls after 10 s the client learns to ask for polls that end earlier', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const clock = new ManualClock();
  const mailbox = stage.connect({ device: new Device(clock), fetch: network.fetch });
  let cuts = 0;
  network.answer = (signal) =>
    network.paths.at(-1)?.includes('wait=0')
      ? fetch(`${stage.url}${network.paths.at(-1)}`, { headers: { authorization: `Bearer ${stage.session.token}` } })
      : new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
          clock.setTimer(10_000, () => {
            cuts += 1;
            reject(new TypeError('terminated'));
          });
        });
  for (let polls = 2; polls <= 4; polls += 2) {
    await eventually(() => network.paths.length === polls);
    await clock.advance(10_000);
    await clock.advance(0);
  }
  await eventually(() => network.paths.length === 6);
  t.is(cuts, 2);
  t.regex(network.paths.at(-1) ?? '', /wait=8000/);
  t.is(mailbox.closed, undefined);
});

test('a server that can’t be reached for a while teaches the client nothing about the length of holds', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const clock = new ManualClock();
  const waits = () => network.paths.map((path) => Number(new URL(path, stage.url).searchParams.get('wait')));
  let isAway = false;
  network.answer = (signal) =>
    new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      const quiet = () => resolve(Response.json({ messages: [], cursor: 'a.1.b', lost: 0 }));
      if (!isAway) clock.setTimer(waits().at(-1) ?? 0, quiet);
    });
  stage.connect({ device: new Device(clock), fetch: network.fetch });
  const asks = (count: number) =>
    eventually(async () => {
      await clock.advance(0);
      return network.paths.length === count;
    });
  await asks(2);
  for (let outage = 1; outage <= 3; outage += 1) {
    const before = network.paths.length;
    isAway = true;
    // The first is a poll that was held for its whole time; the others are not held at all.
    await clock.advance(25_000);
    await asks(before + 1);
    for (const [failed, time] of [35_000, 10_000, 10_000].entries()) {
      await clock.advance(time);
      await asks(before + failed + 2);
    }
    isAway = false;
    await clock.advance(10_000);
    await asks(before + 6);
    t.deepEqual([...new Set(waits())].toSorted(), [0, 25_000], `after ${outage}`);
  }
});
