import test from 'ava';
import { ManualClock, settle } from '../../src/conformance/manual-clock.js';
import { Interval } from '../../src/time/interval.js';

/** Rounds that end when the test says so. */
class Rounds {
  readonly startedAt: number[] = [];
  readonly #ends: (() => void)[] = [];
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  readonly run = (): Promise<void> => {
    this.startedAt.push(this.#clock.now());
    return new Promise((resolve) => this.#ends.push(resolve));
  };

  async end(): Promise<void> {
    this.#ends.shift()?.();
    await settle();
  }
}

test('the first round begins after one pause', async (t) => {
  const clock = new ManualClock(0);
  const rounds = new Rounds(clock);
  const interval = new Interval(clock, 100, rounds.run);
  await clock.advance(1_000);
  t.deepEqual(rounds.startedAt, [], 'not before the start');
  interval.start();
  await clock.advance(99);
  t.deepEqual(rounds.startedAt, []);
  await clock.advance(1);
  t.deepEqual(rounds.startedAt, [1_100]);
});

test('the pause starts at the end of a round', async (t) => {
  const clock = new ManualClock(0);
  const rounds = new Rounds(clock);
  new Interval(clock, 100, rounds.run).start();
  await clock.advance(100);
  await clock.advance(5_000);
  t.is(rounds.startedAt.length, 1, 'slow rounds never pile up');
  await rounds.end();
  await clock.advance(99);
  t.is(rounds.startedAt.length, 1);
  await clock.advance(1);
  t.deepEqual(rounds.startedAt, [100, 5_200]);
});

test('a second start has no effect', async (t) => {
  const clock = new ManualClock(0);
  const interval = new Interval(clock, 100, async () => {});
  interval.start();
  interval.start();
  t.is(clock.pending, 1);
});

test('no round begins after a stop, and no timer is left', async (t) => {
  const clock = new ManualClock(0);
  const rounds = new Rounds(clock);
  const interval = new Interval(clock, 100, rounds.run);
  interval.start();
  await interval.stop();
  t.is(clock.pending, 0);
  await clock.advance(1_000);
  t.deepEqual(rounds.startedAt, []);
  await t.notThrowsAsync(interval.stop());
});

test('a stop waits for the running round, and no other round follows', async (t) => {
  const clock = new ManualClock(0);
  const rounds = new Rounds(clock);
  const interval = new Interval(clock, 100, rounds.run);
  interval.start();
  await clock.advance(100);
  let isStopped = false;
  const stopped = interval.stop().then(() => {
    isStopped = true;
  });
  await settle();
  t.false(isStopped);
  await rounds.end();
  await stopped;
  t.is(clock.pending, 0);
  await clock.advance(1_000);
  t.is(rounds.startedAt.length, 1);
});
