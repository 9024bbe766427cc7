import test from 'ava';
import { Container } from 'inversify';
import { ManualClock, settle } from '../../src/conformance/manual-clock.js';
import { Clock, MemoryStore, SessionError, SessionManager, sessionModule } from '../../src/index.js';
import { bindStore, throwsCode } from '../support/service.js';
import { gate } from './gate.js';

/** Returns a container with the module, and the number of times that its store was opened. */
function countingContainer(): { readonly container: Container; readonly count: { readonly opened: number } } {
  const count = { opened: 0 };
  class CountingStore extends MemoryStore {
    override open(...args: Parameters<MemoryStore['open']>): Promise<void> {
      count.opened += 1;
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
  return { container, count };
}

test('resolving twice, even at the same time, returns one manager and opens the store once', async (t) => {
  const { container, count } = countingContainer();
  const [one, other] = await Promise.all([container.getAsync(SessionManager), container.getAsync(SessionManager)]);
  t.is(one, other);
  t.is(await container.getAsync(SessionManager), one);
  t.is(count.opened, 1);
  await container.unbindAllAsync();
});

test('container.get of the service or of its dependants fails with STOPPED, names getAsync and starts nothing', async (t) => {
  const { container, count } = countingContainer();
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
  t.is(count.opened, 0);
  t.is(Error.stackTraceLimit, 7);
  const manager = await container.getAsync(SessionManager);
  t.is(count.opened, 1);
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
