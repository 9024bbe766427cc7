import test from 'ava';
import { freshPath } from '../create-sqlite-store.js';
import { Writers } from '../nodes/writers.js';
import { stormSize } from '../storm-size.js';
import { brokenPromises, damageIn } from '../verify.js';

// Several guests, because a process that starts may overlap with another that ends.
const guests = 4;

test('processes that start and end while others write lose none of their writes', async (t) => {
  const path = await freshPath(t);
  const writers = new Writers(path);
  t.teardown(() => writers.killAll());
  writers.start();
  await writers.goOn(20);
  for (let started = 0; started < stormSize(4, 1_000); started += guests) {
    const group = Array.from({ length: guests }, () => writers.start());
    await writers.goOn(5 * guests);
    await Promise.all(group.map((guest, index) => writers.end(guest, index % 2 === 0 ? 'close' : 'SIGKILL')));
  }
  await writers.killAll();
  t.deepEqual(await damageIn(path), []);
  t.deepEqual(await brokenPromises(path, writers.promises.values()), []);
  t.deepEqual([...writers.failures], []);
});
