import test from 'ava';
import { Container } from 'inversify';
import { ManualClock, settle } from '../../src/conformance/manual-clock.js';
import { Clock, MemoryStore, SessionManager, sessionModule } from '../../src/index.js';
import { bindStore, startService, throwsCode } from '../support/service.js';
import { gate } from './gate.js';

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
