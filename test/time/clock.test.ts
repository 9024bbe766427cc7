import test from 'ava';
import { SystemClock } from '../../src/index.js';

test.serial('the system clock never goes back, and continues once the wall clock has caught up', (t) => {
  const wall = Date.now;
  t.teardown(() => {
    Date.now = wall;
  });
  const clock = new SystemClock();
  const seen: number[] = [];
  for (const time of [1_000, 1_005, 400, 1_004, 1_005, 1_006]) {
    Date.now = () => time;
    seen.push(clock.now());
  }
  t.deepEqual(seen, [1_000, 1_005, 1_005, 1_005, 1_005, 1_006]);
});

test.serial('the system clock returns the wall time', (t) => {
  const before = Date.now();
  const now = new SystemClock().now();
  t.true(now >= before && now <= Date.now());
});

test('a timer of the system clock calls back once', async (t) => {
  const keepAlive = setInterval(() => {}, 1_000);
  t.teardown(() => clearInterval(keepAlive));
  let timer = new SystemClock().setTimer(1_000_000, () => {});
  await new Promise<void>((resolve) => {
    timer = new SystemClock().setTimer(1, resolve);
  });
  t.notThrows(() => {
    timer.cancel();
    timer.cancel();
  });
});

test('a cancelled timer does not call back', async (t) => {
  const keepAlive = setInterval(() => {}, 1_000);
  t.teardown(() => clearInterval(keepAlive));
  const clock = new SystemClock();
  clock.setTimer(1, () => t.fail()).cancel();
  await new Promise<void>((resolve) => void clock.setTimer(2, resolve));
  t.pass();
});

test('a pending timer does not keep the process alive', (t) => {
  const count = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = count();
  const timer = new SystemClock().setTimer(1_000_000, () => {});
  t.is(count(), before);
  timer.cancel();
});
