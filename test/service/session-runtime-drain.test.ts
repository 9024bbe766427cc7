import test from 'ava';
import { runtimeOf } from '../../src/service/app-service.js';
import { startService, throwsCode } from '../support/service.js';

test('a drain calls every farewell once, and a stop after it calls none again', async (t) => {
  const { manager, container } = await startService(t);
  const said: string[] = [];
  for (const name of ['one', 'two']) runtimeOf(manager).onDrain(async () => void said.push(name));
  t.false(runtimeOf(manager).isDraining);
  await Promise.all([manager.drain(), manager.drain()]);
  t.true(runtimeOf(manager).isDraining);
  await container.unbindAllAsync();
  t.deepEqual(said, ['one', 'two']);
});

test('a stop without a drain waits for farewells, while the store still answers', async (t) => {
  const { manager, container } = await startService(t);
  const session = await manager.createSession('alice');
  let found = '';
  runtimeOf(manager).onDrain(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    found = (await manager.getSession(session.id)).accountId;
  });
  await container.unbindAllAsync();
  t.is(found, 'alice');
});

test('a farewell that fails, or never ends, holds up nobody longer than drainTime', async (t) => {
  const { manager, clock } = await startService(t, { drainTime: 1_000 });
  runtimeOf(manager).onDrain(() => {
    throw new Error('at once');
  });
  runtimeOf(manager).onDrain(() => Promise.reject(new Error('later')));
  runtimeOf(manager).onDrain(() => new Promise(() => {}));
  let isDrained = false;
  const drained = manager.drain().then(() => {
    isDrained = true;
  });
  await clock.advance(999);
  t.false(isDrained);
  await clock.advance(1);
  await drained;
  t.true(isDrained);
});

test('a manager of one app shares its runtime with those of others, and what is none has none', async (t) => {
  const { manager } = await startService(t);
  t.is(runtimeOf(manager.inApp('other')), runtimeOf(manager));
  for (const value of [{}, undefined, null, 'manager']) {
    await throwsCode(t, async () => Reflect.apply(runtimeOf, undefined, [value]), 'INVALID_ARGUMENT');
  }
});
