import test, { type ExecutionContext } from 'ava';
import { freshPath } from '../create-sqlite-store.js';
import { Writers } from '../nodes/writers.js';
import { randomNumbers, stormSize } from '../storm-size.js';
import { brokenPromises, damageIn } from '../verify.js';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

async function assertKept(t: ExecutionContext, path: string, writers: Writers): Promise<void> {
  t.deepEqual(await damageIn(path), [], `seed ${seed}`);
  t.deepEqual(await brokenPromises(path, writers.promises.values()), [], `seed ${seed}`);
  t.deepEqual([...writers.failures], [], `seed ${seed}`);
}

for (const durability of ['commit', 'interval'] as const) {
  test.serial(
    `under ${durability} no acknowledged write is lost and no process hangs when processes end in any way at random moments`,
    async (t) => {
      const next = randomNumbers(seed);
      const path = await freshPath(t);
      const writers = new Writers(path, durability);
      t.teardown(() => writers.killAll());
      for (let each = 0; each < 3; each += 1) writers.start();
      await writers.goOn(50);
      const ways = ['SIGKILL', 'exit', 'throw', 'SIGKILL', 'close', 'SIGTERM'] as const;
      for (let round = 0; round < stormSize(4, 300); round += 1) {
        const { running } = writers;
        const victim = running[next(running.length)];
        const way = ways[next(ways.length)];
        if (victim === undefined || way === undefined) continue;
        await new Promise((resolve) => setTimeout(resolve, next(30)));
        await writers.end(victim, way);
        writers.start();
        await writers.goOn(20);
      }
      await writers.killAll();
      t.true(writers.promises.size > 20);
      await assertKept(t, path, writers);
    },
  );
}

test.serial('nothing acknowledged is lost, and no write fails, when processes are stopped for a moment', async (t) => {
  const next = randomNumbers(seed + 2);
  const path = await freshPath(t);
  const writers = new Writers(path);
  t.teardown(() => writers.killAll());
  for (let each = 0; each < 3; each += 1) writers.start();
  await writers.goOn(50);
  for (let round = 0; round < stormSize(4, 300); round += 1) {
    const { running } = writers;
    const victim = running[next(running.length)];
    victim?.kill('SIGSTOP');
    // The length of the stop is an input of the test. No event ends it.
    await new Promise((resolve) => setTimeout(resolve, next(200)));
    victim?.kill('SIGCONT');
    await writers.goOn(1 + next(20));
  }
  t.is(writers.running.length, 3);
  await writers.killAll();
  await assertKept(t, path, writers);
});

test.serial('no acknowledged write is lost when all processes are killed at the same time', async (t) => {
  const next = randomNumbers(seed + 1);
  const path = await freshPath(t);
  const writers = new Writers(path);
  t.teardown(() => writers.killAll());
  for (let round = 0; round < stormSize(2, 100); round += 1) {
    for (let each = 0; each < 3; each += 1) writers.start();
    await writers.goOn(50 + next(50));
    await writers.killAll();
  }
  await assertKept(t, path, writers);
});
