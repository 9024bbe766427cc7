import test from 'ava';
import { Container } from 'inversify';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import {
  Clock,
  MemoryStore,
  memoryStore,
  SessionContext,
  SessionError,
  SessionManager,
  SessionStore,
  SystemClock,
  sessionModule,
} from '../../src/index.js';
import { redisStore } from '../../src/stores/redis/index.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { startService, throwsCode } from '../support/service.js';

test('the service works as in the README: load, resolve, use, unbind', async (t) => {
  const container = new Container();
  container.load(sessionModule({ maxSession: 5 }));
  const sessions = await container.getAsync(SessionManager);
  const session = await sessions.createSession('alice', { attributes: { theme: 'dark' } });
  await sessions.push(session.id, { text: 'hi' });
  await sessions.pushToAccount('alice', { text: 'hi, all devices' });
  const batch = await sessions.poll(session.id, { after: '', wait: 25_000, signal: new AbortController().signal });
  t.is(batch.messages.length, 2);
  await container.unbindAllAsync();
  await throwsCode(t, sessions.getSession(session.id), 'STOPPED');
});

test('a store in the place of the context, or anything else in the place of the store, is refused, and not quoted', (t) => {
  const load = (args: readonly unknown[]): unknown => Reflect.apply(sessionModule, undefined, args);
  for (const [args, rule] of [
    [[memoryStore()], /sessionModule: context must be an object; the store is the second argument/],
    [[{}, 'redis://:the-password@127.0.0.1'], /sessionModule: store must be what memoryStore\(\)/],
    [[{}, { url: 'redis://:the-password@127.0.0.1' }], /sessionModule: store must be what memoryStore\(\)/],
  ] as const) {
    const error = t.throws(() => load(args), { message: rule });
    t.true(SessionError.is(error, 'INVALID_CONTEXT'));
    t.false(JSON.stringify(error).includes('the-password'));
  }
});

test('a function that makes a store is refused in the place of the store', (t) => {
  for (const store of [memoryStore, sqliteStore, redisStore]) {
    const load = () => new Container().load(Reflect.apply(sessionModule, undefined, [{}, store]));
    t.throws(load, {
      code: 'INVALID_CONTEXT',
      message: /store must be what .* got "a function that must be called first"/,
    });
  }
});

test('the clock is the system clock unless the application bound one', async (t) => {
  const container = new Container();
  container.load(sessionModule());
  t.true(container.get(Clock) instanceof SystemClock);
  const clock = new ManualClock();
  const own = new Container();
  own.bind(Clock).toConstantValue(clock);
  own.load(sessionModule());
  t.is(own.get(Clock), clock);
});

test('the service uses a context that the application bound', async (t) => {
  for (const value of [new SessionContext({ maxSession: 1 }), { maxSession: 1 } as SessionContext]) {
    for (const isBoundFirst of [true, false]) {
      const container = new Container();
      if (isBoundFirst) container.bind(SessionContext).toConstantValue(value);
      container.load(sessionModule());
      if (!isBoundFirst) container.bind(SessionContext).toConstantValue(value);
      const manager = await container.getAsync(SessionManager);
      const context = container.get(SessionContext);
      t.true(context instanceof SessionContext);
      t.is(context.gcTime, 900_000);
      await manager.createSession('alice');
      await throwsCode(t, manager.createSession('alice'), 'SESSION_LIMIT');
      await container.unbindAllAsync();
    }
  }
});

test('plain data bound as the context is validated when it is resolved', async (t) => {
  for (const value of [{ maxSession: -1 }, { maxSessions: 5 }, 'five']) {
    const container = new Container();
    container.bind(SessionContext).toConstantValue(value as unknown as SessionContext);
    container.load(sessionModule());
    await throwsCode(t, container.getAsync(SessionManager), 'INVALID_CONTEXT');
  }
});

test('an invalid context is refused when the module is created', (t) => {
  const error = t.throws(() => sessionModule({ maxSession: -1 }));
  t.true(SessionError.is(error, 'INVALID_CONTEXT'));
});

test('the module accepts a SessionContext as well as plain data', async (t) => {
  const container = new Container();
  container.load(sessionModule(new SessionContext({ maxSession: 3 })));
  t.is(container.get(SessionContext).maxSession, 3);
});

test('two containers have separate services', async (t) => {
  const one = await startService(t);
  const other = await startService(t);
  const { token } = await one.manager.createSession('alice');
  await throwsCode(t, other.manager.authenticate(token), 'SESSION_UNKNOWN');
  t.not(one.container.get(SessionStore), other.container.get(SessionStore));
});

test('the memory store is the default, and can be given explicitly', async (t) => {
  for (const store of [undefined, memoryStore(), memoryStore({})]) {
    const { container } = await startService(t, {}, store === undefined ? {} : { store });
    t.true(container.get(SessionStore) instanceof MemoryStore);
  }
});
