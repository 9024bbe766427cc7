import test from 'ava';
import { SystemClock } from '../../src/index.js';

test.serial('the system clock advances steadily when the wall clock is set back or forward', (t) => {
  const wall = Date.now;
  t.teardown(() => {
    Date.now = wall;
  });
  const clock = new SystemClock();
  const start = performance.now();
  const before = clock.now();
  for (const step of [-3_600_000, 3_600_000, 0]) {
    Date.now = () => wall() + step;
    const passed = clock.now() - before;
    t.true(passed >= 0 && passed <= performance.now() - start + 1, `${passed} ms after a step of ${step}`);
  }
});

test.serial('the system clock returns the wall time', (t) => {
  const before = Date.now();
  const now = new SystemClock().now();
  // Both values are rounded down.
  t.true(now >= before - 1 && now <= Date.now() + 1);
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
