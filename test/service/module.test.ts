import test from 'ava';
import { Container } from 'inversify';
import { ManualClock, settle } from '../../src/conformance/manual-clock.js';
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
import { bindStore, startService, throwsCode } from '../support/service.js';

function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

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

test('resolving twice, even at the same time, returns one manager and opens the store once', async (t) => {
  let opened = 0;
  class CountingStore extends MemoryStore {
    override open(...args: Parameters<MemoryStore['open']>): Promise<void> {
      opened += 1;
      return super.open(...args);
    }
  }
  const container = new Container();
  container.load(
    sessionModule(
      {},
      bindStore((...args) => new CountingStore(...args)),
    ),
  );
  const [one, other] = await Promise.all([container.getAsync(SessionManager), container.getAsync(SessionManager)]);
  t.is(one, other);
  t.is(await container.getAsync(SessionManager), one);
  t.is(opened, 1);
  await container.unbindAllAsync();
});

test('container.get of the service or of its dependants fails with STOPPED, names getAsync and starts nothing', async (t) => {
  let opened = 0;
  class CountingStore extends MemoryStore {
    override open(...args: Parameters<MemoryStore['open']>): Promise<void> {
      opened += 1;
      return super.open(...args);
    }
  }
  const container = new Container();
  container.load(
    sessionModule(
      {},
      bindStore((...args) => new CountingStore(...args)),
    ),
  );
  container.bind('mailer').toDynamicValue((context) => ({ sessions: context.get(SessionManager) }));
  const { stackTraceLimit } = Error;
  t.teardown(() => void Object.assign(Error, { stackTraceLimit }));
  // Do not depend on the value that an earlier test may have left.
  Error.stackTraceLimit = 7;
  for (const call of [
    () => container.get(SessionManager),
    () => container.getAll(SessionManager),
    () => container.get('mailer'),
  ]) {
    const error = t.throws(call);
    t.true(SessionError.is(error, 'STOPPED'));
    t.regex(error?.message ?? '', /await container\.getAsync\(…\)/);
  }
  await throwsCode(t, container.getAsync('mailer'), 'STOPPED');
  t.is(opened, 0);
  t.is(Error.stackTraceLimit, 7);
  const manager = await container.getAsync(SessionManager);
  t.is(opened, 1);
  t.is(container.get(SessionManager), manager, 'which is started now');
  await container.unbindAllAsync();
});

test('a service is also resolved asynchronously by a method called get', async (t) => {
  const container = new Container();
  container.load(sessionModule({}));
  const server = { get: () => container.getAsync(SessionManager) };
  t.is((await server.get()).app, 'default');
  await container.unbindAllAsync();
});

test('resolving waits until the store is open', async (t) => {
  const opening = gate();
  class SlowStore extends MemoryStore {
    override async open(...args: Parameters<MemoryStore['open']>): Promise<void> {
      await opening.promise;
      return super.open(...args);
    }
  }
  const container = new Container();
  container.load(
    sessionModule(
      {},
      bindStore((...args) => new SlowStore(...args)),
    ),
  );
  let isResolved = false;
  const resolved = container.getAsync(SessionManager).then(() => {
    isResolved = true;
  });
  await settle();
  t.false(isResolved);
  opening.open();
  await resolved;
  await container.unbindAllAsync();
});

test('unbinding resolves only after the store was closed', async (t) => {
  const closing = gate();
  const steps: string[] = [];
  class SlowStore extends MemoryStore {
    override async close(): Promise<void> {
      steps.push('closing');
      await closing.promise;
      await super.close();
      steps.push('closed');
    }
  }
  const { container } = await startService(t, {}, { store: bindStore((...args) => new SlowStore(...args)) });
  const unbound = container.unbindAllAsync().then(() => steps.push('unbound'));
  await settle();
  t.deepEqual(steps, ['closing']);
  closing.open();
  await unbound;
  t.deepEqual(steps, ['closing', 'closed', 'unbound']);
});

test('unbinding during the start of the service waits for the start, and then stops the service', async (t) => {
  const steps: string[] = [];
  class LoggingStore extends MemoryStore {
    override async open(...args: Parameters<MemoryStore['open']>): Promise<void> {
      await settle();
      steps.push('opened');
      return super.open(...args);
    }
    override close(): Promise<void> {
      steps.push('closed');
      return super.close();
    }
  }
  const container = new Container();
  const clock = new ManualClock();
  container.bind(Clock).toConstantValue(clock);
  container.load(
    sessionModule(
      {},
      bindStore((...args) => new LoggingStore(...args)),
    ),
  );
  const resolved = container.getAsync(SessionManager);
  await container.unbindAllAsync();
  t.deepEqual(steps, ['opened', 'closed']);
  t.is(clock.pending, 0);
  await throwsCode(t, (await resolved).activity(0), 'STOPPED');
});

test("resolving rejects with the error of a store that can't be opened", async (t) => {
  const fault = new SessionError('STORE_UNAVAILABLE', 'unreachable', {});
  class ShutStore extends MemoryStore {
    override async open(): Promise<void> {
      throw fault;
    }
  }
  const container = new Container();
  const clock = new ManualClock();
  container.bind(Clock).toConstantValue(clock);
  container.load(
    sessionModule(
      {},
      bindStore((...args) => new ShutStore(...args)),
    ),
  );
  t.is(await t.throwsAsync(container.getAsync(SessionManager)), fault);
  t.is(clock.pending, 0, 'nothing was started');
});

test("unbinding rejects with the error of a store that can't be closed", async (t) => {
  class StuckStore extends MemoryStore {
    override async close(): Promise<void> {
      throw new Error('disk full');
    }
  }
  const container = new Container();
  container.load(
    sessionModule(
      {},
      bindStore((...args) => new StuckStore(...args)),
    ),
  );
  await container.getAsync(SessionManager);
  const error = await t.throwsAsync(container.unbindAllAsync());
  t.regex(`${error?.message} ${error?.cause}`, /disk full/);
});

test('a second stop has no effect', async (t) => {
  let closed = 0;
  class CountingStore extends MemoryStore {
    override close(): Promise<void> {
      closed += 1;
      return super.close();
    }
  }
  const { container } = await startService(t, {}, { store: bindStore((...args) => new CountingStore(...args)) });
  await Promise.all([container.unbindAllAsync(), container.unbindAllAsync()]);
  await container.unbindAllAsync();
  t.is(closed, 1);
});

test('unbinding a service that was never resolved does nothing', async (t) => {
  const container = new Container();
  container.load(sessionModule());
  await t.notThrowsAsync(container.unbindAllAsync());
});

test('a drain followed by a stop answers each held poll once and stops', async (t) => {
  const { container, manager, clock } = await startService(t);
  const { id } = await manager.createSession('alice');
  const polled = manager.poll(id, { after: '' });
  await settle();
  await manager.drain();
  t.true(Number((await polled).retry) > 0);
  await manager.push(id, 'still running');
  await container.unbindAllAsync();
  t.is(clock.pending, 0);
  await throwsCode(t, manager.push(id, 1), 'STOPPED');
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
