import { inspect } from 'node:util';
import test from 'ava';
import { ClientPolicy, SessionError, startSessions } from '../../src/index.js';
import { runtimeOf } from '../../src/service/app-service.js';
import { startService, throwsCode } from '../support/service.js';

test('a drain calls every drain hook once, and a later stop calls none again', async (t) => {
  const { manager, container } = await startService(t);
  const called: string[] = [];
  for (const name of ['one', 'two']) runtimeOf(manager).onDrain(async () => void called.push(name));
  t.false(runtimeOf(manager).isDraining);
  await Promise.all([manager.drain(), manager.drain()]);
  t.true(runtimeOf(manager).isDraining);
  await container.unbindAllAsync();
  t.deepEqual(called, ['one', 'two']);
});

test('a stop waits for the drain hooks, and the store still answers their calls', async (t) => {
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

test('a drain hook that throws, rejects or never ends delays a drain by at most drainTime', async (t) => {
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

test('streams that a drain did not reach are told to come back after the stop, not that their session is unknown', async (t) => {
  const count = 1_500;
  const { manager, container, clock } = await startService(t, { drainTime: 0, pollTime: 1_000 });
  const endings = new Map<string, number>();
  const note = (ending: string) => endings.set(ending, (endings.get(ending) ?? 0) + 1);
  for (let each = 0; each < count; each += 1) {
    const { id } = await manager.createSession(`account-${each}`);
    const receiver = {
      deliver: ({ retry }: { readonly retry?: number }) => {
        if (retry === undefined) return;
        note('retry');
        // The first answer already takes longer than the drain may.
        if (endings.get('retry') === 1) void clock.advance(1);
      },
      beat: () => {},
      fail: (error: unknown) => note(SessionError.is(error) ? error.code : String(error)),
    };
    manager.streamInto(id, {}, receiver);
  }
  await container.unbindAllAsync();
  t.true((endings.get('retry') ?? 0) < count, 'the drain was over before it had reached all');
  await clock.advance(60_000);
  t.deepEqual([...endings], [['retry', count]]);
});

test('an authentication whose client is judged until after the stop does not fail as that of an unknown session', async (t) => {
  let accept = () => {};
  class SlowPolicy extends ClientPolicy {
    judge(): Promise<'accept'> {
      return new Promise((resolve) => {
        accept = () => resolve('accept');
      });
    }
  }
  const { sessions, stop } = await startSessions({}, undefined, new SlowPolicy());
  const { token } = await sessions.createSession('alice', { ip: '192.0.2.1' });
  const authenticated = sessions.authenticate(token, { ip: '192.0.2.2' });
  await stop();
  accept();
  await throwsCode(t, authenticated, 'STORE_UNAVAILABLE');
});

test('managers of all apps share one runtime, and any other value has no runtime', async (t) => {
  const { manager } = await startService(t);
  t.is(runtimeOf(manager.inApp('other')), runtimeOf(manager));
  for (const value of [{}, undefined, null, 'manager']) {
    await throwsCode(t, async () => Reflect.apply(runtimeOf, undefined, [value]), 'INVALID_ARGUMENT');
  }
});

test('the display of a manager shows its app, but nothing of the runtime, the store or its options', async (t) => {
  const { manager } = await startService(t);
  t.is(JSON.stringify(manager), '{"app":"default"}');
  t.is(inspect(manager), "SessionManager { app: 'default' }");
});
