import test, { type ExecutionContext } from 'ava';
import { type Pause } from '../../src/client/index.js';
import { settle } from '../../src/conformance/manual-clock.js';
import { eventually } from '../support/eventually.js';
import { problem } from './answers.js';
import { ClientStage, Device, ManualClock, Network, next } from './client-stage.js';

/** Records the pauses of a client whose clock does not advance by itself. */
async function pauses(t: ExecutionContext, luck: number, answers: readonly (() => Response)[]) {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const clock = new ManualClock();
  const device = new Device(clock);
  device.luck = luck;
  const left = [...answers];
  network.answer = () => (left.shift() ?? Response.error)();
  const mailbox = stage.connect({ fetch: network.fetch, device });
  const made: Pause[] = [];
  mailbox.on('waiting', (pause) => made.push(pause));
  for (let count = 1; count <= answers.length; count += 1) {
    await eventually(() => made.length === count);
    if (count < answers.length) await clock.advance(made.at(-1)?.delay ?? 0);
  }
  return { delays: made.map(({ delay }) => delay), mailbox, device, clock, network };
}

test('pauses after failures are a random part of a limit that doubles up to half a minute', async (t) => {
  const failures = Array.from({ length: 9 }, () => Response.error);
  const { delays } = await pauses(t, 0.5, failures);
  t.deepEqual(delays, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
});

test('the client waits for Retry-After and a random part, and does not shorten the pause when the network is back', async (t) => {
  const busy = () => problem(503, 'STORE_UNAVAILABLE', { 'retry-after': '7' });
  const { delays, device, network } = await pauses(t, 0.5, [busy, busy]);
  t.deepEqual(delays, [7_250, 7_500]);
  device.sign('awake');
  device.sign('visible');
  await new Promise((resolve) => setImmediate(resolve));
  t.is(network.paths.length, 2);
});

test('a pause is never longer than the maximum delay of a timer', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  network.answer = () => problem(503, 'STORE_UNAVAILABLE', { 'retry-after': '2592000' });
  const clock = new ManualClock();
  const delays: number[] = [];
  const recording = {
    now: () => clock.now(),
    setTimer: (delay: number, callback: () => void) => {
      delays.push(delay);
      return clock.setTimer(delay, callback);
    },
  };
  const mailbox = stage.connect({ fetch: network.fetch, device: new Device(recording) });
  t.is((await next(mailbox, 'waiting')).delay, 2_592_000_000);
  await settle();
  t.is(delays.at(-1), 2 ** 31 - 1);
});

test('a client reconnects at the time that a stopping server has named', async (t) => {
  const stage = await ClientStage.start(t);
  const clock = new ManualClock();
  const mailbox = stage.connect({ device: new Device(clock) });
  const waiting = next(mailbox, 'waiting');
  await eventually(() => stage.kit.room.held === 1);
  const drained = stage.kit.manager.drain();
  const { delay } = await waiting;
  await drained;
  t.true(delay > 0);
  const again = next(mailbox, 'connecting');
  await clock.advance(delay - 1);
  t.is(mailbox.state, 'waiting');
  await clock.advance(1);
  await again;
});
