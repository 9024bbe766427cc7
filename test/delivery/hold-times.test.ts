import test from 'ava';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { type Hold, type HoldQueue, HoldTimes } from '../../src/delivery/hold-times.js';

class NamedHold implements Hold<NamedHold> {
  queue: HoldQueue<NamedHold> | undefined = undefined;
  previous: NamedHold | undefined = undefined;
  next: NamedHold | undefined = undefined;

  constructor(
    readonly name: string,
    readonly deadline: number,
  ) {}
}

test('an exception in a callback does not affect the deadlines of other holds or of holds that are added later', async (t) => {
  const clock = new ManualClock();
  const ended: string[] = [];
  const times = new HoldTimes<NamedHold>(clock, ({ name }) => {
    ended.push(name);
    if (name.startsWith('throwing')) throw new Error(name);
  });
  const add = (name: string) => times.add(new NamedHold(name, clock.now() + 100));
  add('throwing at once');
  add('due with it');
  await clock.advance(50);
  add('due later');
  await t.throwsAsync(clock.advance(50), { message: 'throwing at once' });
  await clock.advance(0);
  t.deepEqual(ended, ['throwing at once', 'due with it']);
  await clock.advance(50);
  t.deepEqual(ended.slice(2), ['due later']);
  add('throwing as the last');
  await t.throwsAsync(clock.advance(100), { message: 'throwing as the last' });
  add('added after');
  await clock.advance(100);
  t.deepEqual(ended.slice(3), ['throwing as the last', 'added after']);
});
