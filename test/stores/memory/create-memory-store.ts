import { ManualClock } from '../../../src/conformance/manual-clock.js';
import type { StoreSetup } from '../../../src/conformance/session-store.js';
import { MemoryStore, SessionContext, type SessionContextOptions } from '../../../src/index.js';

export async function createMemoryStore(options: SessionContextOptions): Promise<StoreSetup> {
  const clock = new ManualClock();
  const store = new MemoryStore(new SessionContext(options), clock);
  return { store, advance: (milliseconds) => clock.advance(milliseconds), close: () => store.close() };
}
