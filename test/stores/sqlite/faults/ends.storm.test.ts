import test from 'ava';
import { freshPath } from '../create-sqlite-store.js';
import { Writers } from '../nodes/writers.js';
import { randomNumbers, stormSize } from '../storm-size.js';
import { brokenPromises, damageIn } from '../verify.js';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

test.serial(
  'no acknowledged write is lost when a process is ended during its close, as by a second Ctrl-C',
  async (t) => {
    const next = randomNumbers(seed);
    const path = await freshPath(t);
    const writers = new Writers(path);
    t.teardown(() => writers.killAll());
    writers.start();
    for (let round = 0; round < stormSize(4, 60); round += 1) {
      const victim = writers.start();
      await writers.goOn(20);
      victim.send('close', () => {});
      await new Promise((resolve) => setTimeout(resolve, next(20)));
      await writers.end(victim, 'exit');
      await writers.goOn(10);
    }
    await writers.killAll();
    t.deepEqual(await damageIn(path), [], `seed ${seed}`);
    t.deepEqual(await brokenPromises(path, writers.promises.values()), [], `seed ${seed}`);
    t.deepEqual([...writers.failures], [], `seed ${seed}`);
  },
);

test.serial(
  'when a primary is killed, its workers end, leave no lock behind, and lose no acknowledged write',
  async (t) => {
    const next = randomNumbers(seed + 1);
    const path = await freshPath(t);
    const writers = new Writers(path);
    t.teardown(() => writers.killAll());
    writers.start();
    for (let round = 0; round < stormSize(2, 30); round += 1) {
      const { primary, allGone } = writers.startCluster(2);
      await writers.goOn(50 + next(50));
      await writers.end(primary, 'SIGKILL');
      await allGone;
      await writers.goOn(10);
    }
    await writers.killAll();
    t.deepEqual(await damageIn(path), [], `seed ${seed}`);
    t.deepEqual(await brokenPromises(path, writers.promises.values()), [], `seed ${seed}`);
    t.deepEqual([...writers.failures], [], `seed ${seed}`);
  },
);
