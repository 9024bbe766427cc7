import { promisify } from 'node:util';
import test from 'ava';
import RedisSessionsDefault, {
  type Callback,
  RedisSessions,
  RedisSessionsError,
} from '../../../../src/compat/redis-sessions/class/index.js';
import { startService } from '../../../support/service.js';

const app = 'webapp';
const ip = '203.0.113.7';
const unknownToken = 'x'.repeat(64);

/** Resolves with the arguments of the callback. Rejects if the call itself returns a value. */
function called<Result>(call: (callback: Callback<Result>) => unknown): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    const returned = call((...answer) => resolve(answer));
    if (returned !== undefined) reject(new Error('A call with a callback gives no promise'));
  });
}

test('the default export is the class', (t) => {
  t.is(RedisSessionsDefault, RedisSessions);
});

test('a callback as the last argument gets null and the result', async (t) => {
  const { manager } = await startService(t, { maxSession: 0 });
  const sessions = new RedisSessions({ manager });
  const [error, created] = await called((callback) => sessions.create({ app, id: 'alice', ip }, callback));
  t.is(error, null);
  const token = String(Object(created).token);
  const session = { id: 'alice', r: 1, w: 1, ttl: 7_200, idle: 0, ip };
  t.deepEqual(await called((callback) => sessions.get({ app, token }, callback)), [null, session]);
  const written = { ...session, r: 2, w: 2, d: { a: 1 } };
  t.deepEqual(await called((callback) => sessions.set({ app, token, d: { a: 1 } }, callback)), [null, written]);
  t.deepEqual(await called((callback) => sessions.activity({ app, deltaTime: 10 }, callback)), [null, { activity: 1 }]);
  const lists = [
    await called((callback) => sessions.soid({ app, id: 'alice' }, callback)),
    await called((callback) => sessions.soapp({ app, deltaTime: 10 }, callback)),
  ];
  for (const [failure, listed] of lists) t.deepEqual([failure, Object(listed).sessions.length], [null, 1]);
  t.deepEqual(await called((callback) => sessions.kill({ app, token }, callback)), [null, { kill: 1 }]);
  t.deepEqual(await called((callback) => sessions.killsoid({ app, id: 'alice' }, callback)), [null, { kill: 0 }]);
  t.deepEqual(await called((callback) => sessions.killall({ app }, callback)), [null, { kill: 0 }]);
  t.deepEqual(await called<'PONG'>((callback) => sessions.ping(callback)), [null, 'PONG']);
  t.is((await called<void>((callback) => sessions.quit(callback)))[0], null);
});

test('a missing session is {} for a callback and null for a promise', async (t) => {
  const { manager } = await startService(t);
  const sessions = new RedisSessions({ manager });
  t.deepEqual(await called((callback) => sessions.get({ app, token: unknownToken }, callback)), [null, {}]);
  t.deepEqual(await called((callback) => sessions.set({ app, token: unknownToken, d: { a: 1 } }, callback)), [
    null,
    {},
  ]);
  t.is(await sessions.get({ app, token: unknownToken }), null);
  t.is(await sessions.set({ app, token: unknownToken, d: { a: 1 } }), null);
});

test('a callback gets the error and no result', async (t) => {
  const { manager } = await startService(t);
  const sessions = new RedisSessions({ manager });
  const answer = await called((callback) => sessions.get({ app, token: 'x' }, callback));
  t.is(answer[1], undefined);
  t.true(answer[0] instanceof RedisSessionsError);
  t.like(answer[0], { name: 'invalidFormat', message: 'Invalid token format' });
});

test('a callback is never called before the call has returned', async (t) => {
  const { manager } = await startService(t);
  const sessions = new RedisSessions({ manager });
  let returned = false;
  const answered = new Promise<boolean>((resolve) => sessions.get({ app, token: '' }, () => resolve(returned)));
  returned = true;
  t.true(await answered);
});

test.serial('an exception in a callback reaches the process, and the callback is not called again', async (t) => {
  const { manager } = await startService(t);
  const sessions = new RedisSessions({ manager });
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  let calls = 0;
  const thrown = await new Promise<unknown>((resolve) => {
    process.once('uncaughtException', resolve);
    sessions.ping(() => {
      calls += 1;
      throw new Error('mine');
    });
  });
  for (const listener of others) process.on('uncaughtException', listener);
  t.is(thrown instanceof Error && thrown.message, 'mine');
  t.is(calls, 1);
});

test('methods work when they are detached from their object, with promises and callbacks', async (t) => {
  const { manager } = await startService(t, { maxSession: 0 });
  const sessions = new RedisSessions({ manager });
  const { create, set, soid, ping, killall, quit } = sessions;
  const accounts = ['alice', 'bob'].map((id) => ({ app, id, ip }));
  const created = await Promise.all(accounts.map((options) => create(options)));
  const tokens = created.map(({ token }) => ({ app, token }));
  const getByCallback = promisify<{ app: string; token: string }, unknown>(sessions.get);
  t.deepEqual(
    (await Promise.all(tokens.map((options) => getByCallback(options)))).map((found) => Object(found).id),
    ['alice', 'bob'],
  );
  t.is(Object(await set({ app, token: tokens[0]?.token ?? '', d: { a: 1 } })).w, 2);
  t.is((await soid({ app, id: 'alice' })).sessions.length, 1);
  t.is(await ping(), 'PONG');
  t.deepEqual(await killall({ app }), { kill: 2 });
  t.deepEqual(Object.keys(sessions), []);
  await quit();
});

test('a subclass may override a method, which works detached from its object, too', async (t) => {
  const { manager } = await startService(t);
  class Counting extends RedisSessions {
    pings = 0;
    override ping(): Promise<'PONG'> {
      this.pings += 1;
      return super.ping();
    }
  }
  const sessions = new Counting({ manager });
  const { ping } = sessions;
  t.is(await ping(), 'PONG');
  t.is(sessions.pings, 1);
});
