import test from 'ava';
import { MemoryStore } from '../../src/index.js';
import { bindStore, startService } from '../support/service.js';

test('an acknowledgement does not throw when the store throws instead of rejecting', async (t) => {
  class ThrowingStore extends MemoryStore {
    override acknowledge(): Promise<void> {
      throw new Error('the store failed');
    }
  }
  const store = bindStore((context, clock) => new ThrowingStore(context, clock));
  const { manager } = await startService(t, {}, { store });
  const { id } = await manager.createSession('alice');
  await manager.push(id, 1);
  const acknowledge = await new Promise<(() => void) | undefined>((resolve, reject) => {
    manager.pollInto(id, { wait: 0 }, { deliver: (_batch, given) => resolve(given), fail: reject });
  });
  t.is(typeof acknowledge, 'function');
  t.notThrows(() => acknowledge?.());
});
